"""The framework-neutral core of rhelbench: it imports neither jax nor torch."""

from importlib.metadata import version

__version__ = version("rhelbench")
#: Results are comparable within one Major.Minor.
BENCHMARK_VERSION = ".".join(__version__.split(".")[:2])
