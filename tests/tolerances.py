"""Every tolerance of the test suite, with its reason; relative to max|reference| of each array."""

#: L1: potential, force and one step against the oracle: a handful of float64 roundings.
ONE_STEP = 1e-12
#: L2: logits after a whole stack.
LOGITS = 1e-10
#: L3: every gradient of either algorithm, linear units.
GRADIENT = 1e-9
#: L4: parameters after one and fifty optimiser steps: Adam divides by small second moments.
TRAINED = 1e-7
