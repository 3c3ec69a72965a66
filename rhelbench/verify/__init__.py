"""Parity tests: a framework against the oracle, level by level, on the machine at hand."""
