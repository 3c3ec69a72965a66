"""The gradient along time is that of BPTT; areas are preserved."""

import numpy as np
import pandas as pd
import pytest

from rhelbench.oracle.hamiltonians import HAMILTONIANS
from rhelbench.oracle.integrators import INTEGRATORS
from rhelbench.oracle.recurrence import forward
from rhelbench.seeds import generator
from rhelbench.studies import gradient_norm, units

K, DELTA = 60, 0.1


@pytest.fixture(scope="module")
def data() -> pd.DataFrame:
    found = gradient_norm.compute(K)["gradient_norm"]
    return found[(found.delta == DELTA) & (found.distance == K)].set_index("model")


@pytest.mark.parametrize("name", HAMILTONIANS)
def test_gradient_norm_is_that_of_bptt(data: pd.DataFrame, name: str):
    P, leapfrog = gradient_norm.CHANNELS, INTEGRATORS["leapfrog"]
    rng = generator(f"gradient_norm/{name}", "unit", 0, 0)
    f = rng.standard_normal((K, 1, P))
    theta, _ = units.draw_theta(name, rng, P, 0.1)
    delta = np.full(P, DELTA)
    phi, pi = forward(HAMILTONIANS[name], leapfrog, theta, delta, f)
    columns = []
    for along_phi in (1.0, 0.0):
        bar = (np.full((1, P), along_phi), np.full((1, P), 1 - along_phi))
        for k in reversed(range(K)):
            bar, _, _ = leapfrog.step_adjoint(HAMILTONIANS[name], theta, delta, phi[k], pi[k], f[k], bar)
        columns.append(np.stack([bar[0][0], bar[1][0]]))
    assert data.norm[name] == pytest.approx(np.sqrt((columns[0] ** 2).sum() / P), rel=1e-6)
    values = np.linalg.svd(np.moveaxis(np.stack(columns), 2, 0), compute_uv=False)
    assert data.largest[name] == pytest.approx(np.median(values[:, 0]), rel=1e-6)
    assert data.smallest[name] == pytest.approx(np.median(values[:, 1]), rel=1e-2)  # median and reciprocal: an even count
