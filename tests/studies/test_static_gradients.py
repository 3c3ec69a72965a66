"""Figure 4 on a small model."""

import numpy as np
import pandas as pd
import pytest

from rhelbench.config import expand
from rhelbench.studies import static_gradients

SMALL = {"blocks": 1, "hidden": 6, "state": 4}


@pytest.mark.parametrize(("framework", "model"), [("jax", "nonlinear"), ("torch", "nonlinear"), ("torch", "linear")])
def test_a_small_model_is_compared_parameter_by_parameter(framework: str, model: str):
    names = {"name": "small", "protocol": "exact", "tasks": ["SelfRegulationSCP1"], "models": [model], "algorithms": ["rhel"]}
    matrix = expand.parse(names | {"frameworks": [framework], "seeds": [1], "overrides": SMALL}, "test")
    spec = expand.expand(matrix)[0]
    x = np.random.default_rng(0).standard_normal((1, 40, 7)).astype(np.float32)
    rows = static_gradients.against_bptt(spec, framework, x, np.array([1]))
    found = pd.DataFrame(rows, columns=static_gradients.COLUMNS)
    assert set(found.block) == {-1, 0}
    assert "input" in set(found.parameter)
    pair = found[(found.algorithm == "rhel") & (found.rho == 1e-6)]
    assert pair.error.max() < 1e-8
    assert np.abs(pair.cosine - 1).max() < 1e-12
    assert found[found.algorithm == "rhel_released"].error.max() > 1e-3
