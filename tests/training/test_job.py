"""Whole jobs, most of them in processes of their own: killed, interrupted, locked out, failed, re-run."""

import json
import os
import random
import signal
import subprocess
import sys
import time

import pytest

from rhelbench.errors import UserError
from rhelbench.records import io, provenance
from rhelbench.training import job, seeds_per_job, setup
from tests.training.softmax import Fake, make_problem, make_spec

WORKER = ["-m", "tests.training.worker"]
#: Seconds that a process may take to begin or to end on a busy host.
PATIENCE = 240
#: Kills per framework; twenty take minutes with the real learners, so the suite does fewer.
KILLS = int(os.environ.get("RHELBENCH_KILLS", "1"))
REAL = {"steps": 30 + 10 * KILLS, "eval_every": 10, "chunk_steps": 5, "patience": 100}


@pytest.fixture
def start(tmp_path):
    """Start a job in a process of its own; every one is ended with the test."""
    processes = []

    def go(spec, folder="jobs", learner="fake", pause_s=0.0):
        (tmp_path / folder).mkdir(exist_ok=True)
        file = tmp_path / folder / "given.json"
        file.write_text(spec.canonical_json())
        command = [sys.executable, *WORKER, str(file), str(tmp_path / folder), learner, str(pause_s)]
        processes.append(subprocess.Popen(command, stderr=subprocess.PIPE, text=True))
        return processes[-1]

    yield go
    for process in processes:
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.fixture
def here(tmp_path, monkeypatch):
    """Run a job in this process with a learner of the test's choice; return (exit status, record)."""
    problem = make_problem()
    monkeypatch.setattr(setup, "check", lambda spec, data: None)
    monkeypatch.setattr(setup, "load", lambda spec, data: problem)

    def go(spec, folder="jobs", **fake):
        monkeypatch.setattr(setup, "make_learner", lambda spec, shape: Fake(spec, shape, **fake))
        status = job.run(spec, tmp_path / "data", tmp_path / folder / "runs", tmp_path / folder / "scratch")
        return status, read(tmp_path / folder, spec)

    return go


def read(folder, spec):
    return json.loads((folder / "runs" / spec.run_id / "record.json").read_text())


def stamp(file):
    """When a file was written, in nanoseconds; 0 where there is none, as for the moment of a rename."""
    try:
        return file.stat().st_mtime_ns
    except FileNotFoundError:
        return 0


def wait_for(condition, seconds=PATIENCE):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.005)


def test_killed_twenty_times_at_random_moments_and_resumed(tmp_path, start):
    spec = make_spec({"steps": 400, "eval_every": 10, "patience": 100})
    assert start(spec, "whole").wait(PATIENCE) == 0
    rng, corner = random.Random(1), tmp_path / "jobs" / "scratch" / spec.run_id
    mark = corner / "checkpoint"
    for kills in range(20):
        process = start(spec, pause_s=0.004)
        before = stamp(mark)
        if kills % 2:  # half of them somewhere in the start-up, half after some progress
            time.sleep(rng.uniform(0.0, 0.8))
        else:
            wait_for(lambda before=before: stamp(mark) > before)
            time.sleep(rng.uniform(0.0, 0.05))
        process.send_signal(signal.SIGKILL)
        assert process.wait(10) == -signal.SIGKILL
    last = start(spec)
    assert last.wait(PATIENCE) == 0
    whole, record = read(tmp_path / "whole", spec), read(tmp_path / "jobs", spec)
    assert record["result"] == whole["result"]
    assert record["provenance"]["resumptions"] >= 10
    for folder in (tmp_path / "jobs" / "runs" / spec.run_id, corner):
        assert sorted(path.name for path in folder.iterdir()) == (
            ["history.csv", "record.json", "spec.json"] if folder != corner else []
        )


@pytest.mark.parametrize("framework", ["jax", "torch"])
def test_real_learners_killed_and_resumed(tmp_path, start, framework):
    spec = make_spec(REAL, framework=framework)
    whole, rng = start(spec, "whole", "real"), random.Random(2)
    mark = tmp_path / "jobs" / "scratch" / spec.run_id / "checkpoint"
    for _ in range(KILLS):
        process = start(spec, learner="real")
        before = stamp(mark)
        wait_for(lambda process=process, before=before: process.poll() is not None or stamp(mark) > before)
        time.sleep(rng.uniform(0.0, 0.05))
        process.kill()
        process.wait(10)
    assert start(spec, learner="real").wait(PATIENCE) == 0
    assert whole.wait(PATIENCE) == 0
    assert read(tmp_path / "jobs", spec)["result"] == read(tmp_path / "whole", spec)["result"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGUSR1, signal.SIGINT])
def test_a_signal_saves_within_five_seconds_and_leaves_no_record(tmp_path, start, number):
    spec = make_spec({"steps": 400, "eval_every": 200, "patience": 100})
    process = start(spec, pause_s=0.01)
    corner = tmp_path / "jobs" / "scratch" / spec.run_id
    wait_for((tmp_path / "jobs" / "runs" / spec.run_id / "history.csv").exists)
    time.sleep(0.3)
    asked = time.monotonic()
    process.send_signal(number)
    assert process.wait(10) == 128 + number
    assert time.monotonic() - asked < 5
    assert "interrupted by signal" in process.stderr.read()
    assert (corner / "checkpoint").exists()
    assert not (tmp_path / "jobs" / "runs" / spec.run_id / "record.json").exists()
    assert start(spec).wait(PATIENCE) == 0
    record = read(tmp_path / "jobs", spec)
    assert record["provenance"]["resumptions"] == 1
    assert start(spec, "whole").wait(PATIENCE) == 0
    assert record["result"] == read(tmp_path / "whole", spec)["result"]


def test_a_second_process_stops_with_a_sentence(tmp_path, start):
    spec = make_spec({"steps": 10_000, "patience": 10_000})
    first = start(spec, pause_s=0.01)
    wait_for((tmp_path / "jobs" / "scratch" / spec.run_id / "lock").exists)
    second = start(spec)
    assert second.wait(30) == 1
    said = second.stderr.read()
    assert f"is being trained by pid {first.pid} on " in said
    assert said.count("\n") == 1


def test_a_task_that_is_not_prepared_leaves_nothing(tmp_path):
    with pytest.raises(UserError, match="Task BasicMotions is not prepared"):
        job.run(make_spec(), tmp_path / "data", tmp_path / "runs", tmp_path / "scratch")
    assert list(tmp_path.iterdir()) == []


def test_a_failure_is_a_record_an_attempt_and_exit_0_and_is_tried_again(tmp_path, here):
    spec = make_spec()
    for attempt in (1, 2):
        status, record = here(spec, fail_at=33)
        assert (status, record["result"]["status"]) == (0, "failed")
        assert record["result"]["error"] == "RuntimeError: out of memory"
        assert "in train_chunk" in record["provenance"]["traceback"]
        attempts = tmp_path / "jobs" / "runs" / spec.run_id / "attempts"
        assert [path.name for path in sorted(attempts.iterdir())] == [f"{n}.json" for n in range(1, attempt + 1)]
        assert json.loads((attempts / f"{attempt}.json").read_text()) == record
    status, record = here(spec)
    assert (status, record["result"]["status"]) == (0, "done")
    assert record["provenance"]["resumptions"] == 1  # the second attempt had resumed too, and saved nothing new
    assert record["result"] == here(spec, "whole")[1]["result"]
    assert len(list(attempts.iterdir())) == 2


def test_a_divergence_is_a_record(here):
    status, record = here(make_spec(), nan_at=33)
    result = record["result"]
    assert (status, result["status"], result["last_step"]) == (0, "diverged", 34)
    assert result["best_step"] in (10, 20, 30)
    assert result["value"] == result["correct"] / result["total"]
    json.loads(json.dumps(result), parse_constant=pytest.fail)  # no NaN in a record


def test_a_time_limit_is_a_record(here):
    status, record = here(make_spec({"time_limit_s": 0.05, "steps": 100_000, "patience": 100_000}), pause_s=0.002)
    assert (status, record["result"]["status"]) == (0, "time-limit")


def test_a_recorded_run_is_not_trained_again(here, capsys):
    spec = make_spec()
    first = here(spec)
    assert here(spec, fail_at=0) == first
    assert "has its record (done); nothing to do." in capsys.readouterr().err


def test_a_record_that_cannot_be_written_is_a_sentence_and_can_be_resumed(tmp_path, here, monkeypatch):
    spec = make_spec()
    with monkeypatch.context() as patch:
        refuse = lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device"))  # noqa: E731
        patch.setattr(io, "write_record", refuse)
        with pytest.raises(UserError, match=r"No space left on device; free the disk"):
            here(spec)
    _, record = here(spec)
    assert record["provenance"]["resumptions"] == 1
    assert record["result"] == here(spec, "whole")[1]["result"]


def test_the_record_says_where_it_comes_from(here):
    _, record = here(make_spec())
    provenance = record["provenance"]
    assert set(provenance["seconds"]) == {"compile", "train", "evaluate", "data", "checkpoint", "total"}
    assert provenance["steps_per_s"] > 0
    assert provenance["peak_host_bytes"] > 1e7
    for key in ("code_digest", "lock_digest"):
        assert len(provenance[key]) == 64
    assert set(provenance["git"]) == {"commit", "dirty"}
    assert {"processor", "device", "precision", "versions", "host", "started", "ended"} <= set(provenance)


def test_code_committed_during_a_run_is_not_what_the_record_names(tmp_path, monkeypatch):
    provenance.loaded_code.cache_clear()
    problem, commits = make_problem(), iter(["at the start", "later"])
    monkeypatch.setattr(setup, "load", lambda spec, data: problem)
    monkeypatch.setattr(setup, "check", lambda spec, data: None)
    monkeypatch.setattr(provenance, "git_state", lambda: {"commit": next(commits), "dirty": False})
    specs = [make_spec({"steps": 10}, seed=seed) for seed in (1, 2)]
    monkeypatch.setattr(setup, "make_learner", Fake)
    assert seeds_per_job.run(specs, tmp_path / "data", tmp_path / "runs", tmp_path / "scratch", "sequential") == 0
    provenance.loaded_code.cache_clear()
    assert {read(tmp_path, spec)["provenance"]["git"]["commit"] for spec in specs} == {"at the start"}


def test_a_log_gets_few_short_lines(here, capsys):
    here(make_spec({"steps": 200}))
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2  # the first evaluation, and the end: less than ten seconds lie between
    assert "steps/s" in lines[0]
    assert "test accuracy" in lines[1]
    assert "\r" not in lines[0]


def test_a_run_of_another_version_is_not_trained(here):
    with pytest.raises(UserError, match=r"is of version 0\.0, this is .*; take the code of version 0\.0 to train it"):
        here(make_spec(benchmark="0.0"))
