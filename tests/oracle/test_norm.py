"""The norm, its statistics and its backward pass."""

import numpy as np
import pytest

from rhelbench.oracle.norm import normalise, start
from tests.oracle.draws import along
from tests.tolerances import FINITE_DIFFERENCE


@pytest.mark.parametrize("kind", ["batch", "ema_released"])
@pytest.mark.parametrize("count", [0, 3])
def test_the_norm_and_its_backward_pass(kind, count):
    rng = np.random.default_rng(4)
    x, bar, v = rng.standard_normal((3, 10, 4, 3)) * 2 + 1
    stored = rng.uniform(1, 2, 3), rng.uniform(1, 2, 3)
    r, kept, backward = normalise(kind, stored, count, True, x)
    share = 1.0 if count == 0 else 0.01
    for new, old, batch in zip(kept, stored, (x.mean((0, 1)), x.var((0, 1))), strict=True):
        np.testing.assert_allclose(new, share * batch + (1 - share) * old, rtol=1e-14)
    used = (x.mean((0, 1)), x.var((0, 1))) if kind == "batch" else kept
    np.testing.assert_allclose(r, (x - used[0]) / np.sqrt(used[1] + 1e-5), rtol=1e-13)
    by_difference = along(lambda t: np.sum(bar * normalise(kind, stored, count, True, x + t * v)[0]))
    assert np.sum(backward(bar) * v) == pytest.approx(by_difference, rel=FINITE_DIFFERENCE)


@pytest.mark.parametrize(("kind", "variance"), [("batch", 1.0), ("ema_released", 0.0)])
def test_inference_uses_what_is_stored_and_stores_nothing(kind, variance):
    x = np.random.default_rng(5).standard_normal((10, 4, 3))
    stored = start(kind, 3)
    r, kept, _ = normalise(kind, stored, 0, False, x)
    assert kept is stored
    np.testing.assert_allclose(r, x / np.sqrt(variance + 1e-5), rtol=1e-14)
