"""Every tolerance of the test suite, with its reason; relative to max|reference| of each array."""

#: L1: potential, force and one step against the oracle: a handful of float64 roundings.
ONE_STEP = 1e-12
#: L2: logits after a whole stack.
LOGITS = 1e-10
#: L3: every gradient of either algorithm, linear units.
GRADIENT = 1e-9
#: L4: parameters after one and fifty optimiser steps: Adam divides by small second moments.
TRAINED = 1e-7
#: Continuous time: solvers at relative tolerance 1e-11 over some 15 periods; dense output loses two digits more.
CONTINUOUS = 1e-8
#: The same where one solver gives both sides.
CONTINUOUS_ORACLE = 1e-9
#: Fourth-order central differences of a smooth function, step 1e-3.
FINITE_DIFFERENCE = 1e-7
#: Largest gap of an echo without nudge to its path, up to 1,000 steps: rounding, rotated but hardly stretched at δ ≤ 0.1.
REVERSIBLE = 1e-13
#: MᵀJM = J for one step's Jacobian by complex steps: a few roundings of numbers near 1.
SYMPLECTIC = 1e-14
#: RHEL against BPTT in float64, every gradient, by Hamiltonian: rounding for a quadratic one, at any nudge;
#: truncation of order ρ² for the nonlinear one at ρ = 1e-3, δ = 0.1.
ECHO = {"linear": 1e-9, "nonlinear": 1e-6}
#: A fused kernel against the portable path: the same formulas, roundings in another order.
FUSED_FLOAT64 = 1e-12
FUSED_FLOAT32 = 1e-5
#: Losses of a run that changes the framework half-way, to the run in either: two roundings of one computation, some steps on.
RESUMED = 1e-6
#: Standard errors by which the mean of a random estimator may miss BPTT: 40 trials, some twenty numbers at a time (t, 39 df).
UNBIASED = 5.0
