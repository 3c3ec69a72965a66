"""The leapfrog comes back, the released integrator does not; the published table says how well over 50,000 steps."""

import pandas as pd
import pytest

from rhelbench.studies import round_trip


def test_a_short_round_trip_in_both_frameworks():
    found = round_trip.compute(200)["round_trip"].groupby(["framework", "integrator", "dtype"]).error.max()
    for framework in ("jax", "torch"):
        assert found[framework, "leapfrog", "float64"] < 1e-13
        assert 1e-9 < found[framework, "leapfrog", "float32"] < 1e-4
    assert found["jax", "leapfrog_released", "float64"] > 1e-2


@pytest.mark.parametrize(("dtype", "bound"), [("float32", 1e-5), ("float64", 1e-13)])
def test_the_published_round_trip_over_50_000_steps_is_rounding_where_the_unit_is_not_chaotic(dtype: str, bound: float):
    data = pd.read_csv("results/published/static/round_trip.csv")
    data = data[(data.integrator == "leapfrog") & (data.dtype == dtype)]
    assert data.steps.max() == round_trip.LENGTH
    regular = data[(data.model == "linear") | (data.delta <= 0.01)]
    assert regular.error.max() < bound
    chaotic = data[(data.model == "nonlinear") & (data.delta == 0.1)]
    assert chaotic.error.max() > 0.1
