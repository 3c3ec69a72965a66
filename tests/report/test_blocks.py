"""Blocks of the pages, on made records."""

import pandas as pd
import pytest

from rhelbench.report import pairs as pairs_report
from rhelbench.report.blocks import memory, second_training
from rhelbench.report.blocks import pairs as pairs_block
from rhelbench.stats import pairs
from rhelbench.stats.runs import Records
from tests.claims import golden


def test_a_cell_that_moved_is_told_in_its_spread(tmp_path):
    cell = {
        "task": "order-500",
        "model": "nonlinear",
        "algorithm": "rhel",
        "framework": "jax",
        "differs": "code_digest processor",
    }
    rows = [cell | {"verdict": "different", "published": value, "again": value + 3} for value in (1.0, 2.0, 3.0)]
    pd.DataFrame(rows).to_csv(tmp_path / "again.csv", index=False)
    page = second_training.second_training(Records(tmp_path, pd.DataFrame(), pd.DataFrame()))
    assert "3 sd" in page  # by 3, with a standard deviation of 1
    assert "code, processor" in page


def test_runs_that_lag_or_start_saturated_are_counted_apart(tmp_path):
    """Variance 0.3: a loss of 1.25 is that of a saturated tanh; an error of 0.9 in inference at a loss of 0.25 lags."""
    runs = pd.DataFrame({"run_id": ["a", "b", "c", "d"], "task": "delay-500", "model": "linear", "framework": "torch"})
    first = pd.DataFrame({"run_id": runs.run_id, "step": 50, "loss": [0.3, 0.3, 1.25, 0.7], "train": [0.3, 1.1, 1.25, 0.7]})
    last = pd.DataFrame({"run_id": runs.run_id, "step": 400, "loss": [0.25, 0.25, 1.3, 0.3], "train": [0.26, 0.9, 1.3, 0.3]})
    page = memory.unsettled(Records(tmp_path, runs, pd.concat([last, first])))
    assert page == "- delay-500, linear: lagging in 1 of 4 runs, saturated in 1 of 4 runs\n"


def test_a_pair_is_shown_with_its_verdict_and_power(tmp_path):
    found = pairs.compare(golden.read(tmp_path))
    row = found[found.verdict.isin(["equivalent", "inconclusive"]) & found.power.notna()].iloc[:1]
    line = pairs_block.table(row).splitlines()[2]
    assert f"{row.power.iloc[0]:.2f}" in line
    assert row.verdict.iloc[0] in line
    assert row.informative.iloc[0] in line


@pytest.mark.parametrize(
    ("verdict", "p", "needed", "said"),
    [
        ("equivalent", 0.001, 5, ""),
        ("inconclusive", 0.03, 17, "; equivalent by itself"),
        ("inconclusive", 0.2, 26, "; 26 seeds would decide"),
        ("inconclusive", 0.2, 19, ""),
        ("inconclusive", 0.2, None, ""),
    ],
)
def test_what_would_decide_a_pair(verdict: str, p: float, needed: int | None, said: str) -> None:
    assert pairs_report._remedy({"verdict": verdict, "p_equivalence": p, "seeds_needed": needed, "n": 20}) == said
