"""Fused trajectory kernels, shared by the frameworks; they contain no model (docs/architecture.md)."""
