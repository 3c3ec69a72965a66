"""A record is out of date by digests alone; one that is stays, to the byte, until the record that replaces it stands."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from rhelbench.records import io, provenance, retrain
from rhelbench.tasks import card
from rhelbench.training import job, setup
from tests.training.softmax import Fake, make_problem, make_spec

WORKER = ["-m", "tests.training.worker"]
OTHER = "0" * 64


@pytest.fixture
def here(tmp_path, monkeypatch):
    """Run a job in this process with a learner of the test's choice; return the run's folder."""
    monkeypatch.setattr(setup, "check", lambda spec, data: None)
    monkeypatch.setattr(setup, "load", lambda spec, data: make_problem())

    def go(spec, **fake):
        monkeypatch.setattr(setup, "make_learner", lambda spec, shape: Fake(spec, shape, **fake))
        assert job.run(spec, tmp_path / "data", tmp_path / "runs", tmp_path / "scratch") in (0, 128 + signal.SIGTERM)
        return tmp_path / "runs" / spec.run_id

    return go


def aged(folder):
    """Make a record one of other code, and mark its history; return both contents."""
    file = folder / "record.json"
    record = json.loads(file.read_text())
    history = "step,loss,train,val,fidelity\n1.0,0.5,0.25,0.25,\n"
    record["provenance"]["code_digest"], record["result"]["digests"]["history"] = OTHER, io.digest(history)
    file.write_text(json.dumps(record))
    (folder / "history.csv").write_text(history)
    return contents(folder)


def contents(folder):
    return [(folder / name).read_bytes() for name in ("record.json", "history.csv")]


def prepared(folder, digest):
    home = folder / "prepared" / "BasicMotions"
    home.mkdir(parents=True)
    facts = {"card": card.load("BasicMotions").digest(), "classes": [], "digest": digest, "source": {}, "code": "", "store": {}}
    (home / "facts.json").write_text(json.dumps(facts))


def test_a_record_of_today_is_left_alone_whatever_its_age(tmp_path, here, capsys):
    spec = make_spec()
    folder = here(spec)
    prepared(tmp_path / "data", "d" * 64)
    for then in (1.0, time.time() + 1e6):
        os.utime(folder / "record.json", (then, then))
        before = contents(folder), (folder / "record.json").stat().st_mtime_ns
        here(spec, fail_at=0)
        assert (contents(folder), (folder / "record.json").stat().st_mtime_ns) == before
        assert "has its record (done); nothing to do." in capsys.readouterr().err
    assert not (folder / "attempts").exists()


def test_other_code_and_other_data_are_named(tmp_path, here):
    spec = make_spec()
    record = io.read(here(spec))
    assert record is not None
    assert retrain.reason(spec, record, tmp_path / "data") is None  # not prepared: nothing is known
    prepared(tmp_path / "data", "e" * 64)
    assert retrain.reason(spec, record, tmp_path / "data") == "data dddddddd, today eeeeeeee"
    record["result"]["digests"]["data"] = "e" * 64
    assert retrain.reason(spec, record, tmp_path / "data") is None
    record["provenance"]["code_digest"] = OTHER
    today = provenance.loaded_code("jax")["code_digest"][:8]
    assert retrain.reason(spec, record, tmp_path / "data") == f"code of jax 00000000, today {today}"
    del record["provenance"]["code_digest"]
    assert retrain.reason(spec, record, tmp_path / "data") is None
    assert retrain.reason(make_spec(benchmark="0.0"), record | {"result": {"status": "failed"}}, tmp_path / "data") is None


def test_the_old_record_is_kept_and_then_replaced(here, tmp_path, capsys):
    spec = make_spec()
    folder = here(spec)
    new = json.loads((folder / "record.json").read_text())["result"]
    old = aged(folder)
    here(spec)
    said = capsys.readouterr().err
    assert "is trained again (code of jax 00000000, today " in said
    record = io.read(folder)
    assert record is not None
    assert record["result"] == new
    assert io.digest((folder / "history.csv").read_bytes()) == new["digests"]["history"]
    (kept,) = (folder / "attempts").iterdir()
    assert str(kept) in said
    assert contents(kept) == old
    assert list((tmp_path / "scratch" / spec.run_id).iterdir()) == []


def test_an_interruption_leaves_the_old_record_and_resumes(here, tmp_path):
    spec = make_spec()
    folder = here(spec)
    old = aged(folder)
    here(spec, interrupt_at=33)
    assert contents(folder) == old
    corner = tmp_path / "scratch" / spec.run_id
    assert retrain.history(folder, corner) == corner / "retrain" / spec.run_id
    here(spec)
    record = io.read(folder)
    assert record is not None
    assert (record["result"]["status"], record["provenance"]["resumptions"]) == ("done", 1)
    assert len(list((folder / "attempts").iterdir())) == 1


def test_a_failure_leaves_the_old_record_and_is_an_attempt(here):
    spec = make_spec()
    folder = here(spec)
    old = aged(folder)
    here(spec, fail_at=33)
    assert contents(folder) == old
    assert json.loads((folder / "attempts/1.json").read_text())["result"]["status"] == "failed"
    here(spec)
    record = io.read(folder)
    assert record is not None
    assert record["result"]["status"] == "done"


def test_one_killed_between_its_end_and_the_exchange_is_finished_by_the_next(here, tmp_path, monkeypatch, capsys):
    spec = make_spec()
    folder = here(spec)
    aged(folder)
    with monkeypatch.context() as patch:
        patch.setattr(retrain, "finish", lambda folder, corner: None)
        here(spec)
    here(spec, fail_at=0)
    assert "has its record (done); nothing to do." in capsys.readouterr().err


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_process_that_is_ended_in_the_middle_leaves_the_old_record(tmp_path, here, number):
    spec = make_spec({"steps": 400, "patience": 100})
    folder = here(spec)
    old = aged(folder)
    file = tmp_path / "given.json"
    file.write_text(spec.canonical_json())
    command = [sys.executable, *WORKER, str(file), str(tmp_path), "fake", "0.01"]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    mark, until = tmp_path / "scratch" / spec.run_id / "checkpoint", time.monotonic() + 60
    while not mark.exists() and time.monotonic() < until:
        time.sleep(0.01)
    process.send_signal(number)
    assert process.wait(20) in (-signal.SIGKILL, 128 + signal.SIGTERM)
    assert contents(folder) == old
    here(spec)
    record = io.read(folder)
    assert record is not None
    assert record["provenance"]["resumptions"] == 1
