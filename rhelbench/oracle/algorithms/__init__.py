"""All algorithms of the registry by name: the function ``trajectory`` of the module of that name."""

from rhelbench.oracle.interface import Algorithm
from rhelbench.registry import ALGORITHMS as ENTRIES
from rhelbench.registry import Implementations

ALGORITHMS: dict[str, Algorithm] = Implementations(__name__, "trajectory", ENTRIES)
