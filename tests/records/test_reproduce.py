"""A published run is trained again and compared: what came out again, what did not, and why it may not have."""

import os
from copy import deepcopy
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from rhelbench.cli import main
from rhelbench.cli import reproduce as reproduce_command
from rhelbench.config import cores
from rhelbench.errors import UserError, unknown_name
from rhelbench.records import io
from rhelbench.records import published as published_runs
from rhelbench.training import job, setup
from tests.training.softmax import Fake, make_problem, make_spec


class Site:
    """A folder of published runs, the first of them trained in this process."""

    def __init__(self, folder: Path, first: io.Run) -> None:
        self.folder, self.name = folder, first.record["result"]["run_id"]
        published_runs.write(folder, {self.name: first})

    @property
    def record(self) -> dict[str, Any]:
        return published_runs.read(self.folder)[self.name].record

    def change(self, part: str, run_id: str | None = None, **values: Any) -> None:
        """Change the record of one run, the first if none is named."""
        runs = published_runs.read(self.folder)
        runs[run_id or self.name].record[part] |= values
        published_runs.write(self.folder, runs)

    def add(self, **changes: Any) -> str:
        """Add a run with the first one's results and another specification; returns its name."""
        runs, spec = published_runs.read(self.folder), make_spec(**changes)
        run = deepcopy(runs[self.name])
        run.record["result"] |= {"run_id": spec.run_id, "spec": spec.model_dump(mode="json")}
        published_runs.write(self.folder, runs | {spec.run_id: run})
        return spec.run_id


@pytest.fixture
def published(tmp_path, monkeypatch):
    """One published run."""
    problem = make_problem()
    for name in (*cores.VARIABLES, "OMP_WAIT_POLICY"):
        monkeypatch.setenv(name, "1")  # and taken back, whatever the command settles on
    monkeypatch.setattr(setup, "check", lambda spec, data: None)
    monkeypatch.setattr(setup, "load", lambda spec, data: problem)
    monkeypatch.setattr(setup, "make_learner", lambda spec, shape: Fake(spec, shape))
    spec = make_spec()
    assert job.run(spec, tmp_path / "data", tmp_path / "runs", tmp_path / "scratch") == 0
    return Site(tmp_path / "published", io.read_run(tmp_path / "runs" / spec.run_id))


def reproduce(site, tmp_path, *arguments):
    options = ["--published", str(site.folder), "--scratch", str(tmp_path / "scratch"), "--out", str(tmp_path / "out.csv")]
    return main(["reproduce", *arguments, *options])


def test_the_same_code_on_the_same_machine_gives_the_same_bits(published, tmp_path, capsys):
    assert reproduce(published, tmp_path) == 0
    printed = capsys.readouterr().out
    assert f"{published.name}: identical" in printed
    assert f"(0:00:00 when it was published); to repeat this: python -m rhelbench reproduce {published.name}" in printed
    assert not (tmp_path / "scratch" / "reproduce" / published.name).exists()
    table = pd.read_csv(tmp_path / "out.csv")
    assert table.same.all()
    assert {"value", "history", "parameters", "data", "code_digest", "versions"} <= set(table.quantity)


def test_other_bits_with_the_same_metric_are_said_to_be_so(published, tmp_path, capsys):
    published.change("result", val=0.123)
    assert reproduce(published, tmp_path, published.name) == 0
    assert "same metric" in capsys.readouterr().out


def test_another_metric_is_a_failure(published, tmp_path, capsys):
    published.change("result", value=0.0, correct=0)
    assert reproduce(published, tmp_path, published.name) == 1
    assert f"{published.name}: different" in capsys.readouterr().out


def test_a_metric_within_the_spread_of_the_seeds_came_out_again(published, tmp_path, capsys, monkeypatch):
    """The verdict says by how much, in standard deviations, and what differs; a GPU is not spoken of where there is none."""
    record = published.record
    value, spec = record["result"]["value"], record["result"]["spec"]
    cell = {name: spec[name] for name in ("task", "model", "algorithm", "framework", "protocol", "benchmark")}
    ends = {"status": "done", "metric": record["result"]["metric"], "correct": "", "total": "", "best_step": 1, "last_step": 1}
    disturbed = {"perturbation": 0, "dropout_stream": 0}
    values = (value - 0.01, value, value + 0.01)  # a standard deviation of 0.01
    rows = [
        {
            "run_id": published.name if seed == 1 else str(seed),
            **cell,
            "overrides": "",
            "seed": seed,
            "value": v,
            **ends,
            **disturbed,
        }
        for seed, v in enumerate(values)
    ]
    pd.DataFrame(rows).to_csv(published.folder / "runs.csv", index=False)
    published.change("result", value=value + 0.015)
    published.change("provenance", processor="Another One", threads=7)
    assert reproduce(published, tmp_path, published.name, "--threads", "2") == 0
    said = capsys.readouterr().out.splitlines()[-1]
    assert said.startswith(f"{published.name}: within the spread: ")
    assert "differs by 0.015: 1.5 sd of the 3 published seeds, " in said
    assert "processor (Another One, now " in said
    assert "number of threads (7, now 2)" in said
    assert "GPU" not in said
    published.change("result", value=value + 0.021)
    assert reproduce(published, tmp_path, published.name) == 1  # by more than two
    published.change("result", value=value + 0.015)
    published.change("provenance", device="cuda: H200")
    assert reproduce(published, tmp_path, published.name) == 0
    assert "A GPU draws other dropout masks than a CPU." in capsys.readouterr().out


def test_a_run_is_trained_again_on_the_threads_of_its_record(published, tmp_path, monkeypatch):
    published.change("provenance", threads=3)
    assert reproduce(published, tmp_path, published.name) == 0
    assert os.environ["OMP_NUM_THREADS"] == "3"


def test_other_data_cannot_be_compared(published, tmp_path, capsys):
    published.change("result", digests=published.record["result"]["digests"] | {"split": "other"})
    assert reproduce(published, tmp_path, published.name) == 1
    assert "not comparable" in capsys.readouterr().out


def test_a_run_that_fails_again_is_a_sentence(published, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(setup, "make_learner", lambda spec, shape: Fake(spec, shape, fail_at=7))
    assert reproduce(published, tmp_path, published.name) == 2
    assert "training it again failed" in capsys.readouterr().err


def test_a_run_of_another_version_is_not_chosen(published, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(reproduce_command, "BENCHMARK_VERSION", "9.9")
    assert reproduce(published, tmp_path) == 2
    assert "is of version 9.9; name a run" in capsys.readouterr().err


def test_one_of_a_prepared_task_is_chosen(published, tmp_path, capsys, monkeypatch):
    for seed in range(5):
        published.add(task="Heartbeat", seed=seed)
    ready = ["BasicMotions"]

    def check(spec, data):
        if spec.task not in ready:
            raise UserError("not prepared")

    monkeypatch.setattr(setup, "check", check)
    assert reproduce(published, tmp_path) == 0
    assert f"{published.name}: identical" in capsys.readouterr().out
    ready.clear()
    assert reproduce(published, tmp_path) == 2
    assert "prepare --data data --task TASK`, TASK being one of BasicMotions, Heartbeat." in capsys.readouterr().err


def test_many_names_are_not_all_listed():
    many = [f"{task}-{seed}" for task in ("Heartbeat", "delay") for seed in range(400)]
    assert str(unknown_name("published run", "nope", many)).endswith(
        "use one of 800, for example Heartbeat-0, Heartbeat-1, Heartbeat-2."
    )
    assert "(did you mean 'delay-399'?): use one of 800, for example delay-399, delay-" in str(
        unknown_name("run", "delay-399x", many)
    )


def test_wrong_input_is_a_sentence(published, tmp_path, capsys):
    assert reproduce(published, tmp_path, "Heartbeat-linear") == 2
    assert "Unknown published run 'Heartbeat-linear'" in capsys.readouterr().err
    assert main(["reproduce", "--published", str(tmp_path / "none")]) == 2
    assert "No record in" in capsys.readouterr().err


def test_a_run_from_a_gpu_is_not_chosen_where_there_is_none(published, tmp_path, monkeypatch):
    other = published.add(seed=1)
    published.change("provenance", other, peak_device_bytes=1)
    monkeypatch.setattr(reproduce_command.shutil, "which", lambda name: None)
    asked: list[list[str]] = []
    monkeypatch.setattr(
        reproduce_command.random.SystemRandom, "choice", lambda self, names: asked.append(names) or published.name
    )
    assert reproduce(published, tmp_path) == 0
    monkeypatch.setattr(reproduce_command.shutil, "which", lambda name: "/usr/bin/nvidia-smi")
    assert reproduce(published, tmp_path) == 0
    assert asked[0] == [published.name]
    assert set(asked[1]) == {published.name, other}


def test_a_folder_of_own_runs_is_compared_without_training(published, tmp_path, capsys, monkeypatch):
    """Counts by verdict and the means of both; a run that is not published, and one that failed, are left out."""
    monkeypatch.setattr(job, "run", lambda *_: pytest.fail("nothing is trained"))
    b, c, d = (published.add(seed=seed) for seed in (1, 2, 3))
    own = Site(tmp_path / "own", published_runs.read(published.folder)[published.name])
    for seed in (1, 2, 3, 4):
        own.add(seed=seed)
    value = published.record["result"]["value"]
    own.change("result", b, val=0.123)
    own.change("provenance", b, code_digest="other")
    own.change("result", d, status="failed")
    assert reproduce(published, tmp_path, "--results", str(own.folder)) == 0
    assert "3 runs: 2 identical, 1 same metric, 0 within the spread, 0 different, 0 not comparable." in capsys.readouterr().out
    table = pd.read_csv(tmp_path / "out.csv", keep_default_na=False).set_index("run_id")
    assert dict(table.differs) == {published.name: "", b: "code_digest", c: ""}
    own.change("result", c, value=value + 0.3)
    assert reproduce(published, tmp_path, "--results", str(own.folder)) == 1
    printed = capsys.readouterr().out
    assert "3 runs: 1 identical, 1 same metric, 0 within the spread, 1 different, 0 not comparable." in printed
    cell = next(line.split() for line in printed.splitlines() if line.startswith(table.task.iloc[0]))
    assert cell[4:9] == ["1", "1", "0", "1", "0"]
    assert float(cell[9]) == pytest.approx(value, rel=1e-5)
    assert float(cell[10]) == pytest.approx(value + 0.1, rel=1e-5)


def test_a_folder_without_a_published_run_is_a_sentence(published, tmp_path, capsys):
    assert reproduce(published, tmp_path, "--results", str(tmp_path / "empty")) == 2
    assert "train one first." in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["reproduce", "some-run", "--results", str(tmp_path)])
    assert "not allowed with" in capsys.readouterr().err
