"""Figure 4 on a small model; the published comparison on the real sample stays within what its caption says."""

import numpy as np
import pandas as pd
import pytest

from rhelbench.config import expand
from rhelbench.registry import FRAMEWORKS
from rhelbench.studies import static_gradients

PROBES = [name for name, entry in FRAMEWORKS.items() if entry.probe]

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


def test_the_published_comparison_is_what_the_caption_says():
    data = pd.read_csv("results/published/static/static_gradients.csv")
    assert set(data.framework) == set(PROBES)
    assert data.block.max() + 1 == 6
    worst = data.groupby(["model", "algorithm", "rho"]).error.max()
    assert worst["linear", "rhel"].max() < 1e-12
    assert worst["nonlinear", "rhel", 1e-6] < 2e-8
    assert worst["nonlinear", "rhel_separate", 1e-5] < 1e-6
    assert worst["nonlinear", "rhel", 1e-4] / worst["nonlinear", "rhel", 1e-6] == pytest.approx(1e4, rel=0.05)
    released = data[(data.algorithm == "rhel_released") & (data.model == "linear")]
    biased = set(released[released.error > 1e-5].parameter)
    assert biased == {"hru.B_re", "hru.B_im", "hru.a", "hru.s"}
    delta = data[(data.algorithm == "rhel_released") & (data.parameter == "hru.delta")]
    assert (delta.norm_ratio == 0).all()
