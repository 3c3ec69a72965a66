"""The JAX implementation; same files, public names and parameter paths as every other (docs/internals/architecture.md)."""
