"""Benchmarks are measured in processes of their own and stored by cell. No timing is asserted."""

import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from rhelbench.bench import plan, run
from rhelbench.errors import UserError

CELLS = plan.measurements()


def test_a_row_replaces_the_one_of_its_cell(tmp_path: Path) -> None:
    path, cells = tmp_path / "models.csv", [cell for cell in CELLS if cell.table == "unit_batch"]
    for value, cell in ((1.0, cells[0]), (2.0, cells[1]), (3.0, cells[0])):
        run.put_row(path, cell.key | {"step_ms": value})
    table = pd.read_csv(path)
    assert list(table.step_ms) == [2.0, 3.0]
    assert list(table.batch) == [cells[1].batch, cells[0].batch]


def test_the_command_measures_a_cell_in_a_process_of_its_own(tmp_path: Path) -> None:
    small = CELLS[0].model_copy(update={"length": 20, "batch": 2, "steps_per_call": 2, "calls": 2, "seconds": 0.0})
    row = run.measure_in_process(small)
    assert row["step_ms_n"] == 2
    assert row["peak_bytes"] >= row["before_bytes"] > 0
    assert row["step_ms_min"] <= row["step_ms"]
    assert json.loads(json.dumps(row)) == row


def test_a_wrong_name_or_cell_is_one_sentence() -> None:
    with pytest.raises(UserError, match="No benchmark has framework 'tensorflow': use one of jax, torch"):
        plan.choose(CELLS, {"framework": ["tensorflow"]})
    broken = CELLS[0].model_copy(update={"kernel": "none"})
    with pytest.raises(UserError, match="the process ended with"):
        run.measure_in_process(broken)
    done = subprocess.run(
        [sys.executable, "-m", "rhelbench", "bench", "--task", "none"], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
