"""Every algorithm of the registry by name: the function ``trajectory`` of the file of that name."""

from impl_torch.interface import Trajectory
from rhelbench import registry

ALGORITHMS: dict[str, Trajectory] = registry.Implementations(__name__, "trajectory", registry.ALGORITHMS)
