"""The PyTorch implementation: same files, public names and parameter paths as the oracle (docs/internals/architecture.md)."""
