"""The published float32 gradients are what is claimed of them, where a bound fails included."""

import pandas as pd
import pytest

from rhelbench.studies import precision

PUBLISHED = "results/published/static"
CELLS = ["setting", "model", "framework", "length"]


@pytest.fixture(scope="module")
def bounds() -> pd.DataFrame:
    table = pd.read_csv(f"{PUBLISHED}/precision.csv")
    found = precision.bounds(table)
    pd.testing.assert_frame_equal(found, pd.read_csv(f"{PUBLISHED}/precision_bounds.csv"), rtol=1e-8)
    assert set(table[table.framework == "jax"].draws) == {precision.DRAWS}
    assert set(table.length) == set(precision.LENGTHS)
    return found


def test_the_published_median_error_is_below_the_bound_at_small_nudges(bounds: pd.DataFrame):
    pair = bounds[(bounds.algorithm == "rhel") & (bounds.rho <= 1e-4)]
    assert len(pair.groupby(CELLS)) == 12
    assert pair.median_holds.all()
    assert (pair[pair.model.str.startswith("linear")].ratio <= precision.RATIO).all()
    # At 1e-3 truncation spoils the longer nonlinear stack.
    large = bounds[(bounds.algorithm == "rhel") & (bounds.rho == 1e-3) & ~bounds.median_holds]
    assert large[CELLS].to_numpy().tolist() == [["stack", "nonlinear", "jax", 896]]


def test_where_a_draw_misses_the_bound_float32_bptt_misses_it_by_as_much(bounds: pd.DataFrame):
    plain = bounds[bounds.algorithm == "bptt"].set_index(CELLS).worst_error
    pair = bounds[(bounds.algorithm == "rhel") & (bounds.rho == 1e-4)].set_index(CELLS).worst_error
    over = pair[pair > precision.ERROR]
    assert len(over) > 0
    assert (over < 4 * plain[over.index]).all()


def test_nothing_but_the_nonlinear_scalars_exceeds_three_times_bptt(bounds: pd.DataFrame):
    pair = bounds[(bounds.algorithm == "rhel") & (bounds.rho == 1e-4) & ~bounds.ratio_holds]
    assert (pair.model == "nonlinear").all()
    assert pair.ratio_of.str.endswith(("delta", "alpha")).all()
    assert pair.ratio.max() < 5


def test_the_other_rules_are_far_off(bounds: pd.DataFrame):
    for algorithm in ("rhel_separate", "rhel_released"):
        assert not bounds[(bounds.algorithm == algorithm) & (bounds.rho <= 1e-2)].ratio_holds.any()
