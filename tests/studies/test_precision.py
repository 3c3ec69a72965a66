"""float32 gradients: a small study runs, and the published tables say what is claimed of them, where a bound fails included."""

import numpy as np
import pandas as pd
import pytest

from rhelbench.studies import precision, stacks, summation, units

PUBLISHED = "results/published/static"
CELLS = ["setting", "model", "framework", "length"]


def test_float32_rhel_is_as_good_as_float32_bptt_on_a_short_unit():
    drawn = units.draw("nonlinear", 60, 0.1, draws=5, P=8)
    truth = units.truth(drawn, "torch")
    medians = {}
    for algorithm in ("bptt", "rhel"):
        found = units.errors(units.gradients("torch", drawn, algorithm, "float32", "relative", [1e-5]), truth)
        medians[algorithm] = {name: float(np.median(value)) for name, value in found.items()}
    assert max(medians["rhel"].values()) < precision.ERROR
    assert all(medians["rhel"][name] < 10 * value for name, value in medians["bptt"].items())


def test_the_drawn_stack_is_a_problem_that_float32_holds():
    spec, shape = stacks.draw("linear-complex", 20, 2, 0.1)
    parameters, x, y = stacks.problem(spec, shape, 0.1, 0)
    for value in (*parameters.values(), x):
        assert np.array_equal(value, value.astype(np.float32))
    steps = np.concatenate([1 / (1 + np.exp(-value)) for path, value in parameters.items() if path.endswith(".hru.s")])
    assert 0.01 <= steps.min() < steps.max() <= 0.1 + 1e-6
    assert y.shape == (stacks.SAMPLES,)


def test_summing_in_float64_is_measured():
    found = summation.compute(lengths=(30,), draws=3)["summation"]
    assert set(found.parameter) == {"alpha", "w", "b", "c_tilde", "delta"}
    assert found["median"].between(1e-9, 1e-4).all()


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


def test_the_order_of_summation_is_not_what_limits_float32():
    data = pd.read_csv(f"{PUBLISHED}/summation.csv").set_index(["length", "rho", "parameter"])
    wide, narrow = (data[data.summed_in == name].worst for name in ("float64", "float32"))
    assert (wide / narrow).between(0.5, 2).all()
    assert data[data.worst > precision.ERROR].condition.min() > 10
