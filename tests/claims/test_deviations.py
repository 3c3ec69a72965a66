"""The deviations page: every row of the documentation, with effects measured by turning one switch."""

import pandas as pd
import pytest

from rhelbench.claims import deviations
from rhelbench.claims.deviations import SHOWN, WITHOUT
from rhelbench.records import collected
from rhelbench.report import pages
from tests.stats import factory

FACTORS = deviations.factors()
NO_RUNS = pd.DataFrame(columns=["switches"])


def test_every_row_is_either_measured_or_explained():
    numbers = {row["row"] for row in deviations.rows()}
    assert numbers == set(range(1, 16))
    assert numbers == {*SHOWN, *WITHOUT, 5}


@pytest.fixture(scope="module")
def measured():
    return pd.concat([deviations.measure(model) for model in ("linear", "nonlinear")], ignore_index=True)


def test_turning_nothing_leaves_the_exact_rule(measured):
    base = measured[measured.row == 0].set_index("model")
    assert base.rule_error["linear"] < 1e-12
    assert base.rule_error["nonlinear"] < 1e-4  # worst parameter; of the order ρ²
    assert (base.gradient_change == 0).all()


def test_the_released_rule_and_integrator_bias_the_gradient(measured):
    table = measured.set_index(["row", "model"]).rule_error
    assert table[2, "linear"] > 0.01
    assert table[1, "nonlinear"] > 0.01
    assert table[2, "nonlinear"] == pytest.approx(1, abs=1e-6)  # no gradient for δ at all


def test_runs_with_one_switch_turned_appear_in_their_row(tmp_path, measured):
    rows = factory.counts("Heartbeat", "linear", "rhel", [45, 46, 46, 44, 45], 62, protocol="released")
    turned = factory.counts("Heartbeat", "linear", "rhel", [46, 47, 47, 45, 47], 62, protocol="released")
    rows = [row | {"overrides": ""} for row in rows]
    rows += [row | {"overrides": "algorithm=rhel", "run_id": row["run_id"] + "x"} for row in turned]
    found = deviations.metric_effects(collected.read(factory.write(tmp_path, rows)))
    assert found.iloc[0].second == "released+algorithm=rhel"
    assert found.iloc[0]["mean"] == pytest.approx(6 / 310)
    assert found.iloc[0].switches == "algorithm"
    page = pages.deviation_page(measured, found, deviations.rounding({}), FACTORS)
    line = next(line for line in page.splitlines() if line.startswith("| 2 "))
    assert "Heartbeat linear RHEL JAX: +1.9 [" in line


def test_protocols_are_told_apart_by_their_switches(tmp_path, measured):
    assert deviations.differing_switches("exact", "exact") == set()
    assert {"algorithm", "integrator", "c_squash", "nudge", "norm"} <= deviations.differing_switches("exact", "released")
    rows = factory.counts("Heartbeat", "linear", "rhel", [45, 46, 46], 62, protocol="released")
    rows += factory.counts("Heartbeat", "linear", "rhel", [46, 47, 48], 62, protocol="exact")
    found = deviations.metric_effects(collected.read(factory.write(tmp_path, rows)))
    together = pages.deviation_page(measured, found, deviations.rounding({}), FACTORS).split("All rows together")[1]
    assert "-2.2 [" in together


def test_what_float32_leaves_of_two_echoes_is_read_from_the_study(measured):
    row = {"model": "nonlinear", "algorithm": "rhel_separate", "dtype": "float32", "mode": "absolute", "size": 0.1}
    table = pd.DataFrame(
        [
            row | {"length": 1000, "parameter": "w", "error": 0.5},
            row | {"length": 1000, "parameter": "b", "error": 0.1},
            row | {"length": 1000, "parameter": "w", "error": 9.0, "size": 10.0},
        ]
    )
    rounding = deviations.rounding({"epsilon": table})
    assert rounding.to_dict("records") == [{"model": "nonlinear", "length": 1000, "parameter": "w", "error": 0.5}]
    page = pages.deviation_page(measured, NO_RUNS, rounding, FACTORS)
    line = next(line for line in page.splitlines() if line.startswith("| 8 "))
    assert "two echoes subtracted: 5e-01 (w) over 1,000 steps" in line


def test_a_factor_of_the_loss_is_a_larger_nudge_unless_the_nudge_is_scale_free(measured):
    error = FACTORS.set_index(["nudge", "factor"]).error
    assert error["absolute", 1e3] == pytest.approx(1e6 * error["absolute", 1], rel=0.1)  # the truncation goes as ε²
    assert error["relative"].to_numpy() == pytest.approx(error["relative", 1], rel=1e-3)
    page = pages.deviation_page(measured, NO_RUNS, deviations.rounding({}), FACTORS)
    line = next(line for line in page.splitlines() if line.startswith("| 5 "))
    assert f"{error['absolute', 1e6]:.0e} at factor 1e+06; nonlinear unit, relative nudge ρ = 1e-06" in line
