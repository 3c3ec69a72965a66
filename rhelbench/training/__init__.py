"""The training loop and what surrounds it: batches, stopping, checkpoints, jobs, several seeds per job."""
