"""The stack of the precision study is a problem that float32 holds."""

import numpy as np

from rhelbench.studies import stacks


def test_the_drawn_stack_is_a_problem_that_float32_holds():
    spec, shape = stacks.draw("linear", 20, 2, 0.1)
    parameters, x, y = stacks.problem(spec, shape, 0.1, 0)
    for value in (*parameters.values(), x):
        assert np.array_equal(value, value.astype(np.float32))
    steps = np.concatenate([1 / (1 + np.exp(-value)) for path, value in parameters.items() if path.endswith(".hru.s")])
    assert 0.01 <= steps.min() < steps.max() <= 0.1 + 1e-6
    assert y.shape == (stacks.SAMPLES,)
