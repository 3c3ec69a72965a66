"""The time step of the released code for the nonlinear unit: the force is taken at its start."""

from impl_jax.integrators.leapfrog import Leapfrog

INTEGRATOR = Leapfrog(kick_at="start")
