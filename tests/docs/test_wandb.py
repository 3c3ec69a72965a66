"""docs/wandb.md followed: its two commands, typed as they stand there, against a stand-in for the server."""

import os
import re
import shlex
import sys
from pathlib import Path
from subprocess import run

import pytest

ROOT = Path(__file__).resolve().parents[2]
pytest.importorskip("wandb_workspaces")


def test_its_commands_upload_and_define_the_dashboard(tmp_path, monkeypatch):
    from rhelbench.config import expand
    from rhelbench.training import job, setup
    from tests.training.softmax import Fake, make_problem, make_spec
    from tests.wandb.server import Server

    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.setattr(setup, "check", lambda spec, data: None)
    monkeypatch.setattr(setup, "load", lambda spec, data: make_problem())
    monkeypatch.setattr(setup, "make_learner", Fake)
    spec = make_spec({"steps": 10})
    job.run(spec, tmp_path / "data", tmp_path / "results/runs", tmp_path / "scratch")
    (tmp_path / "config").symlink_to(ROOT / "config")
    commands = re.findall(r"```sh\n(.*?)\n```", (ROOT / "docs/wandb.md").read_text(), re.DOTALL)
    assert len(commands) == 2
    with Server() as server:
        common = {"WANDB_BASE_URL": server.url, "WANDB_API_KEY": "k" * 40, "XDG_CACHE_HOME": str(tmp_path)}
        for command in commands:
            words = shlex.split(command)
            given = dict(word.split("=") for word in words if "=" in word)
            arguments = words[words.index("snakemake") + 1 :]
            done = run(
                [sys.executable, "-m", "snakemake", "-s", str(ROOT / "Snakefile"), "--directory", str(tmp_path), *arguments],
                capture_output=True, text=True, timeout=280, check=False, env=os.environ | common | given,
            )  # fmt: skip
            assert done.returncode == 0, done.stderr
            assert "k" * 40 not in done.stdout + done.stderr
    assert [step for step, _ in server.history(spec.run_id)] == [10]
    assert {view["entityName"] for view in server.views.values()} == {"you"}
    assert len(server.views) == len(expand.read("config/paper.yaml").tasks) + 1  # one per task, and the overview
