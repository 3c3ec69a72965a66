"""What a run leaves for wandb, read back from wandb's own files; a server that can't be reached; a copy that breaks."""

import json
import subprocess
import sys
import time

import pytest

from tests.training.softmax import make_spec
from tests.wandb.server import KEY

pytest.importorskip("wandb")

from rhelbench.records import io
from rhelbench.wandb import process, segments


def folders(tmp_path, spec):
    found = (tmp_path / "scratch" / spec.run_id / "wandb").glob("*run-*")
    return sorted(found, key=lambda path: path.name.removeprefix("offline-"))


def inspect(segment):
    """Read a file back with wandb's own reader: (run, steps to values, last summary, names of system metrics)."""
    command = [sys.executable, "-m", "wandb", "leet", "inspect", "--json", str(segment)]
    lines = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60, stdin=subprocess.DEVNULL).stdout
    run, history, summary, system = {}, {}, {}, set()
    for record in map(json.loads, lines.splitlines()):
        if record["type"] == "run":
            run = record["run"]
        elif record["type"] == "history":
            item = record["history"]["item"]
            history[item["_step"]] = {name: value for name, value in item.items() if not name.startswith("_")}
        elif record["type"] == "summary":
            summary |= record["summary"]["update"]
        elif record["type"] == "stats":
            system |= set(record["stats"]["item"])
    return run, history, summary, system


def test_offline_files_hold_identity_history_record_and_system(tmp_path, train):
    spec = make_spec()
    record = train(spec, "offline", pause_s=0.05)
    (segment,) = folders(tmp_path, spec)
    assert segment.name.startswith("offline-run-")
    run, history, summary, system = inspect(segment)
    assert (run["run_id"], run["project"]) == (spec.run_id, "rhelbench")
    assert (run["run_group"], run["job_type"], sorted(run["tags"])) == ("BasicMotions/linear", "rhel", ["exact", "jax"])
    assert {key: value for key, value in run["config"]["update"].items() if key != "_wandb"} == spec.model_dump(mode="json")
    rows = (tmp_path / "runs" / spec.run_id / "history.csv").read_text().splitlines()[1:]
    assert sorted(history) == [10, 20, 30, 40, 50, 60]
    for row in rows:
        step, loss, train_value, val, fidelity = map(float, row.split(","))
        sent = {"train/loss": loss, "train/accuracy": train_value, "val/accuracy": val, "echo/fidelity": fidelity}
        assert history[step] == pytest.approx(sent, rel=1e-15)
    assert summary["test/accuracy"] == pytest.approx(record["result"]["value"], rel=1e-15)
    assert (summary["status"], summary["last_step"]) == ("done", 60)
    assert summary["steps_per_s"] == pytest.approx(record["provenance"]["steps_per_s"])
    assert {"proc.memory.rssMB", "memory_percent"} <= {name.removeprefix("system.") for name in system}


def test_an_interrupted_run_continues_under_its_id_and_no_step_is_sent_twice(tmp_path, train):
    spec = make_spec()
    assert train(spec, "offline", interrupt_at=35, pause_s=0.02) is None
    time.sleep(1.1)  # a folder's name has seconds
    assert train(spec, "offline")["provenance"]["resumptions"] == 1
    first, second = folders(tmp_path, spec)
    assert sorted(inspect(first)[1]) == [10, 20, 30]
    assert inspect(first)[2]["status"] == "interrupted"
    run, history, summary, _ = inspect(second)
    assert (run["run_id"], sorted(history), summary["status"]) == (spec.run_id, [40, 50, 60], "done")
    ended = [mark["ended"] for mark in segments.closed(tmp_path / "scratch" / spec.run_id).values()]
    assert ended == [False, True]


@pytest.fixture
def sink(tmp_path, alone):
    """Start the copying process on a history of the test's choice; the test ends it."""
    spec = make_spec()
    folder, corner = tmp_path / "runs" / spec.run_id, tmp_path / "scratch" / spec.run_id
    corner.mkdir(parents=True)
    io.write_spec(folder, spec)

    def go(steps):
        rows = [{"step": step, "loss": 1.0, "train": 0.5, "val": 0.5, "fidelity": None} for step in steps]
        io.write_history(folder, rows)
        child = process.start(folder, corner, "offline")
        assert child is not None
        return child

    return spec, go


def test_what_a_killed_copy_or_other_code_left_is_replaced(tmp_path, sink):
    spec, start = sink
    child = start([10, 20])
    end = time.monotonic() + 60
    while not folders(tmp_path, spec) or not list(folders(tmp_path, spec)[0].glob("*.wandb")):
        assert time.monotonic() < end
        time.sleep(0.01)
    child.kill()  # as a cluster does, and wandb has flushed nothing
    process.end(child, 60)
    process.end(start([10, 20, 30]), 60)
    (segment,) = folders(tmp_path, spec)
    _, history, _, _ = inspect(segment)
    assert sorted(history) == [10, 20, 30]
    assert "echo/fidelity" not in history[10]
    segments.close(segment, 30, "other code", False)
    time.sleep(1.1)
    process.end(start([10, 20]), 60)
    (segment,) = folders(tmp_path, spec)
    assert sorted(inspect(segment)[1]) == [10, 20]


@pytest.mark.parametrize("mistake", ["unreachable", "malformed key"])
def test_a_server_out_of_reach_never_touches_the_training(tmp_path, train, monkeypatch, capfd, mistake):
    spec = make_spec()
    expected = train(spec, "disabled")["result"]
    assert not folders(tmp_path, spec)
    (tmp_path / "runs" / spec.run_id / io.RECORD).unlink()
    key = KEY if mistake == "unreachable" else KEY[:30]
    monkeypatch.setenv("WANDB_BASE_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("WANDB_API_KEY", key)
    monkeypatch.setenv("WANDB_INIT_TIMEOUT", "10")
    record = train(spec, "online")
    assert record["result"] == expected
    assert record["provenance"]["wall_s"] < 10  # it did not wait for wandb, which tried so long
    (segment,) = folders(tmp_path, spec)  # what could not be sent is in files
    assert segment.name.startswith("offline-run-")
    assert sorted(inspect(segment)[1]) == [10, 20, 30, 40, 50, 60]
    assert "going on offline" in (tmp_path / "scratch" / spec.run_id / "wandb.log").read_text()
    said = "".join(capfd.readouterr())
    assert key not in said
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and key.encode() in path.read_bytes()]


def test_online_without_a_key_is_offline_without_a_question(tmp_path, train):
    spec = make_spec({"steps": 10})
    train(spec, "online")
    assert folders(tmp_path, spec)[0].name.startswith("offline-run-")


def test_a_sink_that_cannot_start_or_breaks_does_not_matter(tmp_path, train, monkeypatch):
    spec = make_spec({"steps": 10})
    expected = train(spec, "disabled")["result"]
    for program in ("/nowhere/python", "/bin/false"):
        (tmp_path / "runs" / spec.run_id / io.RECORD).unlink()
        monkeypatch.setattr(process.sys, "executable", program)
        assert train(spec, "offline")["result"] == expected


@pytest.mark.parametrize("known", ["variable", "netrc", None])
def test_has_key(tmp_path, monkeypatch, alone, known):
    monkeypatch.setenv("WANDB_BASE_URL", "https://wandb.example:8080")
    if known == "variable":
        monkeypatch.setenv("WANDB_API_KEY", KEY)
    if known == "netrc":
        (tmp_path / "home").mkdir()
        (tmp_path / "home/.netrc").write_text(f"machine wandb.example\nlogin user\npassword {KEY}\n")
        (tmp_path / "home/.netrc").chmod(0o600)
    assert process.has_key() == (known is not None)
