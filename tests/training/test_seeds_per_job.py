"""Several runs in one job: the same results as alone, records of their own, and no finished run trained twice."""

import json
import os
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pandas as pd
import pytest

from rhelbench import lock
from rhelbench.cli import main
from rhelbench.config import expand
from rhelbench.tasks.prepare import prepare
from rhelbench.training import job, seeds_per_job

pytestmark = pytest.mark.timeout(900)  # several processes, each of which imports a framework
SMALL = {"steps": 10, "eval_every": 5, "chunk_steps": 5, "hidden": 8, "state": 4, "blocks": 1}


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    prepare("BasicMotions", folder)
    return folder


def cell(framework="torch", seeds=(1, 2), **settings):
    matrix = {
        "name": "small", "protocol": "exact", "tasks": "BasicMotions", "models": "linear", "algorithms": "rhel",
        "frameworks": framework, "seeds": list(seeds), "overrides": SMALL | settings,
    }  # fmt: skip
    return expand.expand(expand.parse(matrix, "test"))


def result(folder, spec):
    return json.loads((folder / spec.run_id / "record.json").read_text())["result"]


def test_packs_hold_seeds_of_one_cell():
    matrix = expand.read("config/paper.yaml")
    specs = expand.expand(matrix)
    found = seeds_per_job.group_seeds(specs, 3)
    assert sorted(len(seeds) for seeds in found) == sorted([3, 2] * (len(specs) // 5))
    assert sorted(spec.run_id for seeds in found for spec in seeds) == sorted(spec.run_id for spec in specs)
    for seeds in found:
        assert len({spec.model_copy(update={"seed": 0}).canonical_json() for spec in seeds}) == 1
        assert len({spec.seed for spec in seeds}) == len(seeds)
    assert seeds_per_job.group_seeds(specs, 1) == [[spec] for spec in specs]


@pytest.mark.parametrize("framework", ["jax", "torch"])
@pytest.mark.parametrize(("packing", "share"), [("processes", "1"), ("sequential", "2")])
def test_packed_equals_alone(tmp_path, data, framework, packing, share):
    """Jobs of their own throughout: what other tests left in this process may change last bits."""
    specs = cell(framework)
    where = ["--data", str(data), "--scratch", str(tmp_path / "scratch"), "--results"]
    train, cores = [sys.executable, "-m", "rhelbench", "train"], {"OMP_NUM_THREADS": "2", "NPROC": "2"}
    options = [option for spec in specs for option in ("--spec", spec.canonical_json())]
    packed = [*train, "--packing", packing, *options, *where, str(tmp_path / "packed")]
    subprocess.run(packed, env={**os.environ, **cores}, check=True)
    alone, cores = specs[-1], {"OMP_NUM_THREADS": share, "NPROC": share}
    subprocess.run(
        [*train, "--spec", alone.canonical_json(), *where, str(tmp_path / "alone")], env={**os.environ, **cores}, check=True
    )
    assert result(tmp_path / "packed", alone) == result(tmp_path / "alone", alone)
    assert result(tmp_path / "packed", specs[0])["status"] == "done"
    record = json.loads((tmp_path / "packed" / alone.run_id / "record.json").read_text())
    assert record["provenance"]["packed"] == {"processes": None, "sequential": "sequential, 2 of 2"}[packing]
    assert not list((tmp_path / "scratch").rglob("checkpoint*"))


def test_sequential_each_cell_is_compiled_once(tmp_path, data):
    """Two seeds of one cell, then another cell: the second seed finds the first one's programs."""
    specs = [*cell("jax"), *cell("jax", seeds=[1], hidden=4)]
    options = [option for spec in specs for option in ("--spec", spec.canonical_json())]
    where = ["--data", str(data), "--results", str(tmp_path / "runs"), "--scratch", str(tmp_path / "scratch")]
    assert main(["train", "--packing", "sequential", *options, *where]) == 0
    records = [json.loads((tmp_path / "runs" / spec.run_id / "record.json").read_text())["provenance"] for spec in specs]
    compile_s = [record["seconds"]["compile"] for record in records]
    assert [seconds > 0 for seconds in compile_s] == [True, False, True]
    assert records[0]["compilations"] == records[1]["compilations"]


def test_sequential_a_run_that_can_not_begin_does_not_hold_up_the_next(tmp_path, data, capsys):
    stranger, known = cell("torch", seeds=[1])[0].model_copy(update={"task": "Heartbeat"}), cell("torch", seeds=[2])[0]
    options = [option for spec in (stranger, known) for option in ("--spec", spec.canonical_json())]
    where = ["--data", str(data), "--results", str(tmp_path / "runs"), "--scratch", str(tmp_path / "scratch")]
    assert main(["train", "--packing", "sequential", *options, *where]) == 1
    assert "Task Heartbeat is not prepared" in capsys.readouterr().err
    assert result(tmp_path / "runs", known)["status"] == "done"


def interrupted(arguments, *ready):
    """Train in a process of its own, ask it to end once everything is ready, and see that it says so."""
    process = subprocess.Popen([sys.executable, "-m", "rhelbench", "train", *arguments])
    until = time.monotonic() + 800
    try:
        for is_so in ready:
            while not is_so():
                assert time.monotonic() < until
                time.sleep(0.1)
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 128 + signal.SIGTERM
    finally:
        if process.poll() is None:
            process.kill()


def test_sequential_a_signal_ends_the_pack_and_the_rest_does_not_begin(tmp_path, data):
    long, waiting = cell(steps=100_000, patience=100_000)
    options = [option for spec in (long, waiting) for option in ("--spec", spec.canonical_json())]
    where = ["--data", str(data), "--results", str(tmp_path / "runs"), "--scratch", str(tmp_path / "scratch")]
    interrupted(["--packing", "sequential", *options, *where], (tmp_path / "runs" / long.run_id / "history.csv").exists)
    assert list((tmp_path / "scratch" / long.run_id).glob("checkpoint*"))
    assert not (tmp_path / "runs" / waiting.run_id).exists()


def history(folder, spec):
    return pd.read_csv(folder / spec.run_id / "history.csv")


def test_one_program_over_the_seeds_gives_what_separate_runs_give(tmp_path, data):
    """To rounding, with ends at different steps, and records of their own."""
    specs = cell("jax", seeds=(1, 2, 3), steps=60, patience=2)
    options = [option for spec in specs for option in ("--spec", spec.canonical_json())]
    where = ["--data", str(data), "--scratch", str(tmp_path / "scratch"), "--results"]
    assert main(["train", "--packing", "vectorised", *options, *where, str(tmp_path / "packed")]) == 0
    for spec in specs:
        assert main(["train", "--spec", spec.canonical_json(), *where, str(tmp_path / "alone")]) == 0
    ends = set()
    for spec in specs:
        packed, alone = (history(tmp_path / name, spec) for name in ("packed", "alone"))
        np.testing.assert_allclose(packed.loss, alone.loss, atol=1e-6, rtol=0)
        assert list(packed.step) == list(alone.step)
        here, there = (result(tmp_path / name, spec) for name in ("packed", "alone"))
        for name in ("status", "value", "correct", "best_step", "last_step"):
            assert here[name] == there[name]
        ends.add(here["last_step"])
        record = json.loads((tmp_path / "packed" / spec.run_id / "record.json").read_text())
        assert record["provenance"]["packed"] == "one program over 3 seeds"
        assert record["provenance"]["compilations"] > 1
    assert len(ends) > 1, "the test wants seeds that stop early at different steps"
    assert not list((tmp_path / "scratch").rglob("checkpoint*"))


def test_seeds_of_one_program_load_their_data_one_after_another(tmp_path, data, monkeypatch):
    """The library that reads the store breaks in two threads at once, now and then."""
    load, inside, most = job.setup.store.load, [], []

    def slow(task, folder):
        inside.append(task)
        most.append(len(inside))
        time.sleep(0.1)
        found = load(task, folder)
        inside.pop()
        return found

    monkeypatch.setattr(job.setup.store, "load", slow)
    specs = cell("jax", seeds=(1, 2, 3))
    where = ["--data", str(data), "--results", str(tmp_path / "runs"), "--scratch", str(tmp_path / "scratch")]
    options = [option for spec in specs for option in ("--spec", spec.canonical_json())]
    assert main(["train", "--packing", "vectorised", *options, *where]) == 0
    assert most == [1, 1, 1]
    assert [result(tmp_path / "runs", spec)["status"] for spec in specs] == ["done"] * 3


def test_a_run_with_a_record_and_one_that_breaks_do_not_hold_up_the_rest(tmp_path, data, monkeypatch):
    specs = cell("jax", seeds=(1, 2, 3))
    where = ["--data", str(data), "--results", str(tmp_path / "runs"), "--scratch", str(tmp_path / "scratch")]
    assert main(["train", "--spec", specs[0].canonical_json(), *where]) == 0
    load = job.setup.load

    def breaks(spec, folder):
        if spec.seed == 2:
            raise RuntimeError("a bad disk")
        return load(spec, folder)

    monkeypatch.setattr(job.setup, "load", breaks)
    options = [option for spec in specs for option in ("--spec", spec.canonical_json())]
    assert main(["train", "--packing", "vectorised", *options, *where]) == 0
    assert [result(tmp_path / "runs", spec)["status"] for spec in specs] == ["done", "failed", "done"]


@pytest.mark.parametrize(
    ("specs", "sentence"),
    [
        (cell("torch"), "torch has no program over several seeds"),
        ([cell("jax", seeds=[1])[0], cell("jax", seeds=[2], steps=20)[0]], "differ in more than their seed"),
    ],
)
def test_what_can_not_be_one_program_is_refused(tmp_path, data, specs, sentence, capsys):
    options = [option for spec in specs for option in ("--spec", spec.canonical_json())]
    where = ["--data", str(data), "--results", str(tmp_path / "runs"), "--scratch", str(tmp_path / "scratch")]
    assert main(["train", "--packing", "vectorised", *options, *where]) != 0
    assert sentence in capsys.readouterr().err


def test_an_interrupted_pack_makes_the_records_of_finished_runs_again_without_training(tmp_path, data):
    short, long = cell(seeds=[1])[0], cell(seeds=[2], steps=100_000, patience=100_000)[0]
    options = [option for spec in (short, long) for option in ("--spec", spec.canonical_json())]
    where = ["--data", str(data), "--results", str(tmp_path / "runs"), "--scratch", str(tmp_path / "scratch")]
    record, corner = tmp_path / "runs" / short.run_id / "record.json", tmp_path / "scratch" / short.run_id
    begun = tmp_path / "runs" / long.run_id / "history.csv"
    interrupted([*options, *where], lambda: record.exists() and not lock.holder(corner), begun.exists)
    first = result(tmp_path / "runs", short)
    (tmp_path / "runs" / short.run_id / "record.json").unlink()  # as Snakemake does with the outputs of a failed job
    assert main(["train", "--spec", short.canonical_json(), *where]) == 0
    assert result(tmp_path / "runs", short) == first
    record = json.loads((tmp_path / "runs" / short.run_id / "record.json").read_text())
    assert record["provenance"]["resumptions"] == 1


def test_a_lock_is_waited_for(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(lock, "LOOK", 0.05)
    other = subprocess.Popen(["sleep", "1"])
    them = {"host": lock.socket.gethostname(), "pid": other.pid, "started": lock.psutil.Process(other.pid).create_time()}
    (tmp_path / "lock").write_text(json.dumps(them))
    threading.Thread(target=other.wait, daemon=True).start()  # a dead child that nobody has waited for still has its number
    with lock.exclusive(tmp_path, wait=True):
        assert other.poll() == 0
    said = capsys.readouterr().err
    assert said.count(f"Waiting: {tmp_path.name} is being trained by pid {other.pid}") == 1
