"""Every algorithm of the registry by name: the function ``trajectory`` of the file of that name."""

from rhelbench import registry
from rhelbench.oracle.interface import Algorithm

ALGORITHMS: dict[str, Algorithm] = registry.Implementations(__name__, "trajectory", registry.ALGORITHMS)
