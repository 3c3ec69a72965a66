"""Randomness by name: what is drawn depends on the names alone, never on what was drawn before."""

from rhelbench.seeds.streams import generator, seed

__all__ = ["generator", "seed"]
