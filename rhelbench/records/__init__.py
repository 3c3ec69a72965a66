"""What a run leaves behind: its record, provenance, tidy tables of many runs, and the copy sent to wandb."""
