"""Weights & Biases: live metrics from a separate process, upload of finished runs, the workspace."""
