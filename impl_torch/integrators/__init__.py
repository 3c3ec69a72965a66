"""All integrators of the registry by name: ``INTEGRATOR`` of the module of that name."""

from impl_torch.interface import Integrator
from rhelbench.registry import INTEGRATORS as ENTRIES
from rhelbench.registry import Implementations

INTEGRATORS: dict[str, Integrator] = Implementations(__name__, "INTEGRATOR", ENTRIES)
