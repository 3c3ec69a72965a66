"""Every algorithm of the registry by name: the function ``trajectory`` of the file of that name."""

from impl_torch.interface import Trajectory
from rhelbench.registry import ALGORITHMS as ENTRIES
from rhelbench.registry import Implementations

ALGORITHMS: dict[str, Trajectory] = Implementations(__name__, "trajectory", ENTRIES)
