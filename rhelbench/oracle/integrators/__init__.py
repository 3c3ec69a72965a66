"""Every integrator of the registry by name: ``INTEGRATOR`` of the file of that name."""

from rhelbench import registry
from rhelbench.oracle.interface import Integrator

INTEGRATORS: dict[str, Integrator] = registry.Implementations(__name__, "INTEGRATOR", registry.INTEGRATORS)
