"""One definition of ε: the oracle's, JAX's and PyTorch's agree in either precision from the smallest to the largest gradients."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch

import impl_jax.nudge
import impl_torch.nudge
from impl_torch.passes import norm_on_cpu
from rhelbench.oracle.nudge import epsilon
from rhelbench.spec import Nudge

SIZES = (1e-37, 1e-30, 1e-21, 1e-10, 1.0, 1e10, 1e19, 1e25)
TOLERANCE = {"float32": 2e-6, "float64": 1e-14}


def in_jax(nudge: Nudge, steepness: float, g: Any) -> np.ndarray:
    with jax.enable_x64(g.dtype == np.float64):
        found = impl_jax.nudge.epsilon(nudge, jnp.asarray(steepness, g.dtype), jnp.asarray(g))
        return np.asarray(found, np.float64)[:, 0]


def in_torch(nudge: Nudge, steepness: float, g: Any) -> np.ndarray:
    given = torch.tensor(steepness, dtype=torch.from_numpy(g).dtype)
    one = impl_torch.nudge.epsilon(nudge, given, torch.from_numpy(g))
    other = impl_torch.nudge.epsilon(nudge, given, torch.from_numpy(g), norm_on_cpu)
    np.testing.assert_allclose(one.double().numpy(), other.double().numpy(), rtol=TOLERANCE[g.dtype.name])
    return one.double().numpy()[:, 0]


@pytest.mark.parametrize("framework", [in_jax, in_torch])
@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("steepness", [0.0, 1e-3, 1.0, 50.0])
def test_the_relative_nudge_is_the_oracles(framework: Any, dtype: str, size: float, steepness: float) -> None:
    draw = np.random.default_rng(0)  # no entry below float32's normal range, which XLA takes for zero
    g = (size * draw.choice([-1, 1], (700, 3, 5)) * draw.uniform(0.5, 1.5, (700, 3, 5))).astype(dtype)
    g[:, 2] = 0
    nudge = Nudge(mode="relative", size=1e-6)
    found = framework(nudge, steepness, g)
    np.testing.assert_allclose(found, epsilon(nudge, steepness, g.astype(np.float64)), rtol=TOLERANCE[dtype])
    assert found[2] == 1
    assert np.isfinite(found).all()


@pytest.mark.parametrize("framework", [in_jax, in_torch])
def test_the_absolute_nudge_is_what_is_given(framework: Any) -> None:
    found = framework(Nudge(mode="absolute", size=0.25), 3.0, np.ones((4, 2, 3)))
    np.testing.assert_array_equal(found, [0.25, 0.25])
