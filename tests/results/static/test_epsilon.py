"""The published errors go as ρ²; what the figure's caption says holds."""

import pandas as pd

from rhelbench.studies import epsilon
from tests.studies.test_epsilon import square

PUBLISHED = "results/published/static"


def test_the_published_slopes_are_squares_at_every_length():
    slopes = pd.read_csv(f"{PUBLISHED}/epsilon_slopes.csv")
    assert set(slopes.length) == set(epsilon.LENGTHS)
    assert square(slopes)


def test_the_published_errors_are_what_the_caption_says():
    data = pd.read_csv(f"{PUBLISHED}/epsilon.csv")
    assert set(data.length) == set(epsilon.LENGTHS)
    worst = data.groupby(["model", "algorithm", "dtype", "mode", "size", "length"], dropna=False).error.max()
    assert worst["linear", "rhel", "float64"].max() < 1e-12
    for model in ("linear", "nonlinear"):
        plain = worst[model, "bptt", "float32"].droplevel(["mode", "size"])
        # The pair at the smallest nudge is as good as float32 BPTT; the separate echoes are lost.
        small = epsilon.SIZES["relative"][0]
        assert (worst[model, "rhel", "float32", "relative", small] < 5 * plain).all()
        assert (worst[model, "rhel_separate", "float32", "relative", small] > 1).all()
    assert worst["linear", "rhel_released", "float64"].min() > 1e-3
    delta = data[(data.model == "nonlinear") & (data.algorithm == "rhel_released") & (data.parameter == "delta")]
    assert (delta.error - 1).abs().max() < 1e-6
