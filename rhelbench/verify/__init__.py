"""Parity tests of a framework on this host against the oracle, level by level."""
