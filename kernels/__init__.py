"""Fused trajectory kernels, shared by the frameworks; never a model (docs/internals/architecture.md)."""
