"""The losses and their gradients."""

import numpy as np
import pytest

from rhelbench.oracle.hssm import loss
from tests.oracle.draws import along, switches, task
from tests.tolerances import FINITE_DIFFERENCE


@pytest.mark.parametrize("kind", ["cross_entropy", "log_offset"])
def test_the_losses_and_their_gradients(kind):
    shape, _, y = task("classification")
    out, v = np.random.default_rng(6).standard_normal((2, len(y), 3))
    p = np.exp(out) / np.exp(out).sum(axis=1, keepdims=True)
    value, bar = loss(switches(loss=kind), shape, out, y)
    assert value == pytest.approx(-np.mean(np.log(p[np.arange(len(y)), y] + (1e-8 if kind == "log_offset" else 0))), rel=1e-12)
    by_difference = along(lambda t: loss(switches(loss=kind), shape, out + t * v, y)[0])
    assert np.sum(bar * v) == pytest.approx(by_difference, rel=FINITE_DIFFERENCE)


def test_cross_entropy_survives_a_hopeless_logit_and_the_offset_stops_its_gradient():
    shape, _, _ = task("classification")
    out, y = np.array([[-800.0, 0.0, 0.0]]), np.array([0])
    value, bar = loss(switches(loss="cross_entropy"), shape, out, y)
    assert value == pytest.approx(800 + np.log(2))
    assert bar[0, 0] == pytest.approx(-1)
    value, bar = loss(switches(loss="log_offset"), shape, out, y)
    assert value == pytest.approx(-np.log(1e-8))
    assert bar[0, 0] == 0
