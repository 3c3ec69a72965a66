"""Random numbers by name: they depend on the names alone, never on earlier random numbers."""

from rhelbench.seeds.streams import generator, seed

__all__ = ["generator", "seed"]
