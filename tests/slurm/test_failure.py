"""One failed cell stops no other, is a row that says so, and is tried again by the next invocation. Needs no Slurm."""

import json
import subprocess
import sys

import pandas as pd
import pytest
import yaml

from tests.slurm.checkout import ROOT, Checkout

MATRIX = {
    "name": "small", "protocol": "exact", "tasks": ["BasicMotions"], "models": ["memoryless"], "algorithms": ["bptt"],
    "frameworks": ["torch"], "seeds": [1, 2],
    "overrides": {"steps": 4, "eval_every": 2, "chunk_steps": 2, "hidden": 8, "blocks": 1},
}  # fmt: skip
#: Python for torch jobs, whose learner breaks for one seed, the first time.
BREAKS_ONCE = """\
import pathlib, sys
from rhelbench.cli import main
from rhelbench.training import setup

make, mark = setup.make_learner, pathlib.Path("broken")

def learner(spec, shape):
    if spec.seed == 1 and not mark.exists():
        mark.touch()
        raise RuntimeError("device lost")
    return make(spec, shape)

setup.make_learner = learner
sys.exit(main(sys.argv[3:]))
"""


def statuses(clone):
    runs = pd.read_csv(clone.folder / "results/collected/small/runs.csv")
    return {row.seed: row.status for row in runs.itertuples()}


@pytest.mark.timeout(900)
def test_a_failed_cell_is_a_row_and_is_tried_again(tmp_path):
    matrix = tmp_path / "small.yaml"
    matrix.write_text(yaml.safe_dump(MATRIX))
    clone = Checkout(tmp_path / "clone", matrix)
    python = clone.folder / ".venv-torch/bin/python"
    python.parent.mkdir(parents=True)
    (clone.folder / "breaks_once.py").write_text(BREAKS_ONCE)
    python.write_text(f'#!/bin/sh\nexec {sys.executable} {clone.folder}/breaks_once.py "$@"\n')
    python.chmod(0o755)

    clone.finish(clone.start("train", "tables", slurm=False), 800)
    assert statuses(clone) == {1: "failed", 2: "done"}
    assert "1/2" in (clone.folder / "results/tables/small/summary.txt").read_text()
    status = [sys.executable, "-m", "rhelbench", "status", "--config", str(matrix)]
    said = subprocess.run(
        status, cwd=clone.folder, capture_output=True, text=True, check=True, env={"PYTHONPATH": str(ROOT)}
    ).stdout
    assert "2 runs: 1 done, 0 running, 1 failed, 0 waiting" in said
    first = {path: path.stat().st_mtime_ns for path in (clone.folder / "results/runs").glob("*/record.json")}

    clone.finish(clone.start("train", "tables", slurm=False), 800)
    assert statuses(clone) == {1: "done", 2: "done"}
    again = [path for path, time in first.items() if path.stat().st_mtime_ns != time]
    assert [json.loads(path.read_text())["result"]["spec"]["seed"] for path in again] == [1]
    assert json.loads((again[0].parent / "attempts/1.json").read_text())["result"]["error"] == "RuntimeError: device lost"
    last = clone.start("train", "tables", slurm=False)
    clone.finish(last, 800)
    assert "Nothing to be done" in (clone.folder / "snakemake.log").read_text()
