import json
import re
from pathlib import Path

import pytest
import yaml

from rhelbench import cli, lock
from rhelbench.config import expand
from rhelbench.records import io
from rhelbench.training import job, setup
from tests.training.softmax import Fake, make_problem

SMOKE = yaml.safe_load(Path("config/smoke.yaml").read_text()) | {
    "models": ["linear"], "algorithms": ["bptt", "rhel"], "frameworks": ["jax"], "seeds": [1, 2],
    "overrides": {"steps": 40, "eval_every": 10, "chunk_steps": 5, "batch": 8},
}  # fmt: skip


@pytest.fixture
def runs(tmp_path, monkeypatch):
    """Four cells: done, done with a lost echo, failed, missing."""
    monkeypatch.setenv("WANDB_MODE", "disabled")
    monkeypatch.setattr(setup, "check", lambda spec, data: None)
    monkeypatch.setattr(setup, "load", lambda spec, data: make_problem())
    specs = expand.expand(expand.parse(SMOKE, "here"))
    for spec in specs[:3]:
        how = {0: {}, 1: {"fail_at": 12}, 2: {"fidelity": 1.0}}[specs.index(spec)]
        monkeypatch.setattr(setup, "make_learner", lambda spec, shape, how=how: Fake(spec, shape, **how))
        assert job.run(spec, tmp_path / "data", tmp_path / "runs", tmp_path / "scratch") == 0
    return specs


def options(tmp_path):
    return ["--config-json", json.dumps(SMOKE), "--results", str(tmp_path / "runs")]


def test_status_tells_done_running_failed_and_waiting(tmp_path, runs, capsys):
    rows = [{"step": step, "loss": 1.0, "train": 0.5, "val": val, "fidelity": None} for step, val in ((10, 0.625), (20, 0.25))]
    io.write_history(tmp_path / "runs" / runs[3].run_id, rows)
    with lock.exclusive(tmp_path / "scratch" / runs[3].run_id):
        assert cli.main(["status", *options(tmp_path), "--scratch", str(tmp_path / "scratch")]) == 0
    text = capsys.readouterr().out
    assert "4 runs: 2 done, 1 running, 1 failed, 0 waiting" in text
    lines = {line.split()[0]: line for line in text.splitlines() if line.startswith("BasicMotions")}
    assert "running" in lines[runs[3].run_id]
    assert "pid" in lines[runs[3].run_id]
    assert lines[runs[3].run_id].split()[2:4] == ["20", "0.625"]  # the last step, the best validation so far
    assert "failed" in lines[runs[1].run_id]
    assert "nan" not in text.lower()
    (tmp_path / "runs" / runs[3].run_id / "history.csv").unlink()
    cli.main(["status", *options(tmp_path), "--scratch", str(tmp_path / "scratch")])
    text = capsys.readouterr().out
    assert "4 runs: 2 done, 0 running, 1 failed, 1 waiting" in text
    assert "nan" not in text.lower()


def test_status_tells_what_computes(tmp_path, runs, monkeypatch, capsys):
    """Of a finished run its record says it, of a running one the note in its lock."""
    printed = {}

    class Watched(Fake):
        """Looks at the matrix while it is trained."""

        def train_chunk(self, x, y, plan):
            losses = super().train_chunk(x, y, plan)
            cli.main(["status", *options(tmp_path), "--scratch", str(tmp_path / "scratch")])
            printed["text"] = capsys.readouterr().out
            return losses

    monkeypatch.setattr(setup, "make_learner", Watched)
    monkeypatch.setattr(setup, "require", lambda framework, device: "cuda: NVIDIA H200")
    assert job.run(runs[3], tmp_path / "data", tmp_path / "runs", tmp_path / "scratch", device="cuda") == 0
    lines = {line.split()[0]: line for line in printed["text"].splitlines() if line.startswith("BasicMotions")}
    assert re.search(r"running .* host \S+, pid \d+, cuda: NVIDIA H200$", lines[runs[3].run_id])
    assert "pid" not in lines[runs[0].run_id]
    assert re.search(r"done .* cpu\s*$", lines[runs[0].run_id])
    cli.main(["status", *options(tmp_path), "--scratch", str(tmp_path / "scratch")])
    table = capsys.readouterr().out
    assert re.search(r"^run +state +exit status +step +val +test +device +host", table)
    assert re.search(rf"^{runs[3].run_id} +done .* cpu\s*$", table, re.MULTILINE)
