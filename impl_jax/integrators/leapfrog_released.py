"""The step that the released code takes for the nonlinear unit: the kick takes the force at the step's start."""

from impl_jax.integrators.leapfrog import Leapfrog

INTEGRATOR = Leapfrog(kick_at="start")
