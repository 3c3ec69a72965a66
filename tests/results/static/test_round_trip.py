"""How well the leapfrog comes back over 50,000 steps."""

import pandas as pd
import pytest

from rhelbench.studies import round_trip


@pytest.mark.parametrize(("dtype", "bound"), [("float32", 1e-5), ("float64", 1e-13)])
def test_the_published_round_trip_over_50_000_steps_is_rounding_where_the_unit_is_not_chaotic(dtype: str, bound: float):
    data = pd.read_csv("results/published/static/round_trip.csv")
    data = data[(data.integrator == "leapfrog") & (data.dtype == dtype)]
    assert data.steps.max() == round_trip.LENGTH
    regular = data[(data.model == "linear") | (data.delta <= 0.01)]
    assert regular.error.max() < bound
    chaotic = data[(data.model == "nonlinear") & (data.delta == 0.1)]
    assert chaotic.error.max() > 0.1
