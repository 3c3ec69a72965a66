"""What is computed from benchmarks: ratios and goals."""

from pathlib import Path

import pandas as pd
import pytest

from rhelbench.bench import rivals
from rhelbench.report import speed


def made(folder: Path, **changes: float) -> pd.DataFrame:
    """Return ``speed.models`` of one shape at a tenth of the released code's time, RHEL at a quarter of the memory."""
    rows = rivals.read()
    rows = rows[(rows.task == speed.LONG) & (rows.model == "linear")].drop(columns="peak_mib")
    rows = rows.assign(step_ms=rows.step_ms / 10, gemm_bound_ms=1000.0, sgemm_ms=rivals.SGEMM_MS, copy_ms=2 * rivals.COPY_MS)
    rows = rows.assign(framework="torch", kernel="fused", peak_bytes=[4e9, 1e9])
    for name, value in changes.items():
        rows.loc[rows.algorithm == "rhel", name] = value
    rows.to_csv(folder / "models.csv", index=False)
    return speed.models(folder)


def test_ratios_and_goals(tmp_path: Path) -> None:
    table = made(tmp_path)
    assert table.speedup.tolist() == pytest.approx([10.0, 10.0])  # of two yardsticks the one kinder to the released code
    found = speed.goals(table).set_index("goal")
    assert (found.met == found.of).all()
    assert found.of[f"{speed.LONG}: RHEL at most half of BPTT's peak memory"] == 1


def test_a_goal_that_is_missed_names_its_worst_cell(tmp_path: Path) -> None:
    found = speed.goals(made(tmp_path, step_ms=5000.0, peak_bytes=3e9))
    missed = found[found.met < found.of]
    assert set(missed.cell) == {f"{speed.LONG}, linear, rhel, torch fused"}
    assert len(missed) == 5


def test_a_cell_counts_with_its_quicker_kernel(tmp_path: Path) -> None:
    table = made(tmp_path)
    slow = table.assign(kernel="portable", step_ms=1e6, bounds=1e3, speedup=0.1)
    found = speed.goals(pd.concat([table, slow]))
    assert (found.met == found.of).all()
    assert found.of.max() == 2
