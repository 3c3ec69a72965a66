"""What is exact about the benchmarks: their plan, their tables, the memory of one unit. No timing is asserted."""

import json
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from rhelbench.bench import gemm_bound, plan, rivals, run, timing, unit
from rhelbench.cli import main
from rhelbench.errors import UserError
from rhelbench.registry import FRAMEWORKS

CELLS = plan.measurements()
UNITS = [(c.framework, c.kernel, c.model, c.algorithm) for c in CELLS if c.table == "unit_length" and c.length == 1000]


def state_bytes(framework: str, kernel: str, model: str, algorithm: str, length: int) -> int:
    """Return the state memory of one unit at a length."""
    chosen = next(c for c in CELLS if c.table == "unit_length")
    names = {"framework": framework, "kernel": kernel, "model": model, "algorithm": algorithm, "length": length}
    cell = chosen.model_copy(update=names)
    return import_module(str(FRAMEWORKS[framework].bench)).recurrence(model, kernel, *unit.problem(cell)).state_bytes()


@pytest.mark.parametrize("names", [names for names in UNITS if names[-1] == "rhel"], ids="-".join)
def test_rhel_needs_no_more_state_memory_for_a_longer_sequence(names: tuple[str, ...]) -> None:
    """Not one byte: what either compiler or allocator counts beyond drive, positions and gradients."""
    assert state_bytes(*names, 100_000) <= state_bytes(*names, 1000)


@pytest.mark.parametrize("names", [names for names in UNITS if names[-1] == "bptt"], ids="-".join)
def test_bptt_keeps_the_momenta_of_every_step(names: tuple[str, ...]) -> None:
    assert state_bytes(*names, 10_000) > 9 * state_bytes(*names, 1000)


def test_every_cell_of_the_released_code_is_measured_in_both_frameworks() -> None:
    cells = pd.DataFrame([cell.key for cell in CELLS if cell.table == plan.MODELS])
    shared = [*rivals.SHAPE, "model", "algorithm"]
    met = rivals.read().merge(cells, on=shared)
    assert (met.groupby(shared).framework.nunique() == 2).all()
    assert len(met.drop_duplicates(shared)) == len(rivals.read()) == 16


def test_a_table_of_units_varies_one_size_alone() -> None:
    for table, cells in pd.DataFrame([cell.key | {"table": cell.table} for cell in CELLS]).groupby("table"):
        varied = [name for name in ("batch", "length", "state") if cells[name].nunique() > 1]
        assert table == plan.MODELS or len(varied) == 1, table


def test_the_floor_counts_every_product_of_a_step() -> None:
    """2 · rows · a · b operations each: the released table's own count, 11, 52, 371 and 430 ms at 205 GFLOP/s."""
    cells = {c.task: c for c in CELLS if c.table == plan.MODELS and c.model == "linear-complex"}
    counted = [
        sum(count * 2 * rows * a * b for (_, rows, a, b), count in gemm_bound.products(cells[task]).items()) / 205e9
        for task in ("Heartbeat", "EigenWorms", "SelfRegulationSCP1", "PPG-DaLiA")
    ]
    np.testing.assert_allclose(counted, [0.011, 0.052, 0.371, 0.430], rtol=0.1)


@pytest.mark.parametrize("framework", [name for name, entry in FRAMEWORKS.items() if entry.bench])
def test_products_are_the_three_of_a_dense_layer(framework: str) -> None:
    product = import_module(str(FRAMEWORKS[framework].bench)).product
    shapes = {kind: tuple(product(kind, 7, 3, 2)().shape) for kind in ("forward", "input", "weight")}
    assert shapes == {"forward": (7, 2), "input": (7, 3), "weight": (2, 3)}


def test_a_row_replaces_the_one_of_its_cell(tmp_path: Path) -> None:
    path, cells = tmp_path / "models.csv", [cell for cell in CELLS if cell.table == "unit_batch"]
    for value, cell in ((1.0, cells[0]), (2.0, cells[1]), (3.0, cells[0])):
        run.store(path, cell.key | {"step_ms": value})
    table = pd.read_csv(path)
    assert list(table.step_ms) == [2.0, 3.0]
    assert list(table.batch) == [cells[1].batch, cells[0].batch]


def test_the_command_measures_a_cell_in_a_process_of_its_own(tmp_path: Path) -> None:
    small = CELLS[0].model_copy(update={"length": 20, "batch": 2, "span": 2, "calls": 2, "seconds": 0.0})
    row = run.fresh(small)
    assert row["step_ms_n"] == 2
    assert row["peak_bytes"] >= row["before_bytes"] > 0
    assert row["step_ms_min"] <= row["step_ms"]
    assert json.loads(json.dumps(row)) == row


def test_a_wrong_name_or_cell_is_one_sentence() -> None:
    with pytest.raises(UserError, match="No benchmark has framework 'tensorflow': use one of jax, torch"):
        plan.choose(CELLS, {"framework": ["tensorflow"]})
    broken = CELLS[0].model_copy(update={"kernel": "none"})
    with pytest.raises(UserError, match="the process ended with"):
        run.fresh(broken)
    done = subprocess.run(
        [sys.executable, "-m", "rhelbench", "bench", "--task", "none"], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1


def test_timings_are_as_many_as_asked() -> None:
    assert len(timing.repeat(lambda: None, 7)) == 7
    assert timing.highest() >= timing.resident() > 0


@pytest.mark.skipif(torch.cuda.is_available(), reason="where there is a GPU its kernels are measured")
def test_kernels_of_a_gpu_are_not_measured_without_one(tmp_path, capsys) -> None:
    assert main(["bench", "--passes", "--out", str(tmp_path)]) == 2
    assert "sees none here: run it where there is one." in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
