"""Every integrator by the name of its file."""

from impl_jax.integrators.leapfrog import Leapfrog
from impl_jax.integrators.leapfrog_released import LeapfrogReleased
from impl_jax.interface import Integrator

INTEGRATORS: dict[str, Integrator] = {"leapfrog": Leapfrog(), "leapfrog_released": LeapfrogReleased()}
