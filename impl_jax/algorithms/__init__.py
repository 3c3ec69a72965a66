"""All algorithms of the registry by name: ``trajectory`` of the module of that name."""

from impl_jax.recurrence import Trajectory
from rhelbench.registry import ALGORITHMS as ENTRIES
from rhelbench.registry import Implementations

ALGORITHMS: dict[str, Trajectory] = Implementations(__name__, "trajectory", ENTRIES)
