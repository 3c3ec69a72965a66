"""The training loop, with batches, stopping rule, checkpoints, jobs, and several seeds per job."""
