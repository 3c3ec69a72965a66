"""The steps in time, by name."""

from impl_torch.integrators.leapfrog import Leapfrog
from impl_torch.integrators.leapfrog_released import LeapfrogReleased
from impl_torch.interface import Integrator

INTEGRATORS: dict[str, Integrator] = {"leapfrog": Leapfrog(), "leapfrog_released": LeapfrogReleased()}
