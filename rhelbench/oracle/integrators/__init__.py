"""Every integrator by name; one file each."""

from rhelbench.oracle.integrators.leapfrog import Leapfrog
from rhelbench.oracle.integrators.leapfrog_released import LeapfrogReleased
from rhelbench.oracle.interface import Integrator

INTEGRATORS: dict[str, Integrator] = {"leapfrog": Leapfrog(), "leapfrog_released": LeapfrogReleased()}
