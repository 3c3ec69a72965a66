"""The statistics keep their promises, and what is published about that is what the code gives."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from rhelbench.files import write_csv
from rhelbench.stats.equivalence import LEVEL
from rhelbench.studies import calibration

PUBLISHED = Path("results/published/static")


@pytest.fixture(scope="module")
def tables() -> dict[str, pd.DataFrame]:
    return calibration.compute()


@pytest.mark.parametrize("name", ["calibration", "design"])
def test_the_published_tables_are_what_the_code_gives(name: str, tables: dict[str, pd.DataFrame], tmp_path: Path):
    assert write_csv(tmp_path / "now.csv", tables[name]).read_bytes() == (PUBLISHED / f"{name}.csv").read_bytes()


def test_promises_over_a_thousand_tables(tables: dict[str, pd.DataFrame]):
    table = tables["calibration"]
    rates = table.groupby("quantity").rate
    for name in ("no effect", "an effect of the margin"):
        assert rates.get_group(f"coverage of the 95 % paired t interval, {name}").between(0.93, 0.97).all()
    assert (rates.get_group("false equivalence at the margin") <= LEVEL).all()
    assert (rates.get_group("false difference at no effect") <= 0.06).all()
    assert rates.get_group("equivalence found at no effect").max() > 0.1  # the test is no dead letter
    bootstrap = rates.get_group("coverage of the 95 % bootstrap interval, difference of interquartile means")
    assert bootstrap.between(0.5, 1).all()  # reported as it is


def test_power_of_the_published_design(tables: dict[str, pd.DataFrame]):
    table = tables["design"].set_index(["task", "model"])
    assert len(table) == 14
    row = table.loc["SelfRegulationSCP1", "linear"]
    assert row.sd == pytest.approx(np.hypot(0.018, 0.029) * np.sqrt(5 / 4))
    assert row.seeds_needed > 5
    assert table.power["EigenWorms", "linear"] < 0.05
