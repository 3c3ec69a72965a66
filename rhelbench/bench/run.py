"""Measurements in new processes, written to CSV files after each measurement."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd

from rhelbench.bench import plan, timing, unit, whole
from rhelbench.bench.plan import Measurement
from rhelbench.config import cores
from rhelbench.errors import UserError
from rhelbench.files import write_csv
from rhelbench.records import provenance


def measure(cell: Measurement) -> dict[str, Any]:
    """Run a measurement in this process; return keys, results, reference timings and circumstances."""
    load = timing.load()
    found = whole.measure(cell) if cell.table == plan.MODELS else unit.measure(cell)
    yardsticks = {"sgemm_ms": timing.sgemm_ms(), "copy_ms": timing.copy_ms()}
    return {**cell.key, **found, **yardsticks, "load": load, **circumstances()}


def circumstances() -> dict[str, Any]:
    """Return host, time and code of a measurement."""
    commit = provenance.git_state()["commit"]
    return {
        "cores": cores.available_cores(),
        "processor": provenance.processor(),
        "measured": provenance.now(),
        "commit": commit[:12] if commit else None,
    }


def measure_in_process(cell: Measurement) -> dict[str, Any]:
    """Run a measurement in a new process.

    Raises:
        UserError: the process failed; its last line has the reason.
    """
    command = [sys.executable, "-m", "rhelbench", "bench", "--cell", cell.model_dump_json()]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise UserError(
            f"{cell}: the process ended with {done.returncode} ({last}); run `{' '.join(command[1:5])} JSON` to see more."
        )
    return json.loads(done.stdout.splitlines()[-1])


def put_row(path: Path, row: dict[str, Any], keys: tuple[str, ...] = plan.KEYS) -> None:
    """Write a row to a CSV file, in place of the row with the same keys."""
    write_csv(path, plan.merge(pd.read_csv(path) if path.exists() else None, row, keys))
