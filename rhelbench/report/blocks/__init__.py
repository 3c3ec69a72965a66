"""Computed blocks of README and docs, one module per block or group of blocks."""
