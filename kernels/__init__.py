"""Fused trajectory kernels, shared by the frameworks; they contain no model (docs/internals/architecture.md)."""
