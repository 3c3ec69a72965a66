"""All integrators of the registry by name: ``INTEGRATOR`` of the module of that name."""

from rhelbench.oracle.interface import Integrator
from rhelbench.registry import INTEGRATORS as ENTRIES
from rhelbench.registry import Implementations

INTEGRATORS: dict[str, Integrator] = Implementations(__name__, "INTEGRATOR", ENTRIES)
