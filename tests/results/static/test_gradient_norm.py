"""The published gradients along time explode in the nonlinear unit alone."""

import pandas as pd
import pytest

from rhelbench.studies.single_unit import LONGEST


def test_the_published_curves_reach_the_longest_sequence_and_only_the_nonlinear_unit_explodes():
    found = pd.read_csv("results/published/static/gradient_norm.csv")
    ends = found[found.distance == LONGEST].set_index(["model", "delta"])
    assert ends.norm["linear"].between(0.3, 3).all()
    assert ends.norm["nonlinear"][0.001] == pytest.approx(1, abs=0.5)
    assert ends.norm["nonlinear"][0.1] > 1e6
    assert ends.smallest["nonlinear"][0.1] < 1e-6
