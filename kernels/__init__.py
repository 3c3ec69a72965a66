"""Fused trajectory kernels, shared by the frameworks; never a model (docs/architecture.md)."""
