"""Weights & Biases: live metrics in a process of its own, upload of finished runs, the workspace."""
