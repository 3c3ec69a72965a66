"""Trajectories of a separable Hamiltonian on a GPU in Triton, one source for both frameworks.

``passes`` lists the launches of the four passes; ``kernels.cpu`` documents the interface. Arrays have
one dtype, float32 or float64, with the time axis first and N = n · P state channels last.

The nonlinear unit runs all time steps inside one kernel, with one program per block of channels. The
linear unit is also parallel in time. Its time steps are split into chunks, and each chunk first runs
from zero. The states at chunk borders follow from powers of the 2×2 transition. Then each chunk runs
from its own initial state.

Results are deterministic: there are no random numbers and no exchange between channels, and the chunks
depend on the shape only.

With TRITON_INTERPRET=1 in the environment the kernels run on the CPU, slowly, for tests.
"""
