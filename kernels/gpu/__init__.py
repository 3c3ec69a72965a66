"""Trajectories of a separable Hamiltonian on a GPU, in Triton: one source for both frameworks (``passes`` lists the launches).

The four passes of ``kernels.cpu`` (its docstring is the interface), on arrays of one dtype, float32 or float64, time outside and
lanes inside. The nonlinear unit steps through time inside one kernel, a program per block of lanes. The linear unit is parallel
in time as well: its steps are cut into chunks, each chunk runs from zero, the states at the chunks' borders follow by powers of
the 2×2 transition, and each chunk runs again from its own. Nothing is drawn, no lane looks at another one, and the chunks depend
on the shape alone, so that the same input gives the same bits.

With TRITON_INTERPRET=1 in the environment the kernels run on the CPU, slowly, for tests.
"""
