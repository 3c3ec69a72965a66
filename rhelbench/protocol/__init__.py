"""The published training protocol: batches, evaluations, stopping, checkpoints, and one run's whole life."""
