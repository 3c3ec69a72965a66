"""The published comparison on the real sample stays within what its caption says."""

import pandas as pd
import pytest

from rhelbench.registry import FRAMEWORKS

PROBES = [name for name, entry in FRAMEWORKS.items() if entry.probe]


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
