"""Every integrator of the registry by name: ``INTEGRATOR`` of the file of that name."""

from impl_jax.interface import Integrator
from rhelbench import registry

INTEGRATORS: dict[str, Integrator] = registry.Implementations(__name__, "INTEGRATOR", registry.INTEGRATORS)
