"""wandb's own client, its `sync` and its workspaces against a stand-in for its server on the loopback."""

import base64
import json
import time

import pytest

from rhelbench import cli
from rhelbench.records import io
from rhelbench.wandb import process, segments, upload
from tests.training.softmax import make_spec
from tests.wandb.server import KEY

pytest.importorskip("wandb_workspaces")


STEPS = [10, 20, 30, 40, 50, 60]


@pytest.fixture
def places(tmp_path):
    return tmp_path / "runs", tmp_path / "scratch"


def sync(places):
    return cli.main(["wandb_sync", "--results", str(places[0]), "--scratch", str(places[1])])


def uploaded(places):
    return list(filter(segments.uploaded, places[1].glob("*/wandb/*run-*-*")))


def test_offline_runs_are_uploaded_once_with_all_that_names_them(places, train, server, capfd):
    spec = make_spec()
    assert train(spec, "offline", interrupt_at=35, pause_s=0.02) is None
    assert sync(places) == 0
    assert not server.runs  # it has not ended
    time.sleep(1.1)
    record = train(spec, "offline")
    server.refuse = {"UpsertBucket": 403}
    assert sync(places) == 2
    assert "wandb refused" in capfd.readouterr().err
    server.refuse = {"file_stream": 404}  # wandb's own mark of success appears all the same
    assert sync(places) == 2
    assert not uploaded(places)
    server.refuse, server.runs = {}, {}
    assert sync(places) == 0
    assert "uploaded 2 files" in capfd.readouterr().out
    assert list(server.runs) == [spec.run_id]
    said = server.runs[spec.run_id]["said"]
    assert (said["project"], said["groupName"], said["jobType"]) == ("rhelbench", "BasicMotions/linear", "rhel")
    assert sorted(said["tags"]) == ["exact", "jax"]
    config = {name: item["value"] for name, item in json.loads(said["config"]).items() if name != "_wandb"}
    assert config == spec.model_dump(mode="json")
    assert [step for step, _ in server.history(spec.run_id)] == STEPS
    last = json.loads(server.runs[spec.run_id]["files"]["wandb-summary.json"][-1])
    assert (last["status"], last["test/accuracy"]) == ("done", pytest.approx(record["result"]["value"], rel=1e-15))
    asked = len(server.asked)
    assert sync(places) == 0
    assert "uploaded 0 files of finished runs; 2 had been uploaded before" in capfd.readouterr().out
    assert len(server.asked) == asked


def test_a_live_run_is_sent_while_it_trains_and_not_again(tmp_path, places, train, server, capfd):
    spec = make_spec()
    expected = train(spec, "disabled")["result"]
    (places[0] / spec.run_id / io.RECORD).unlink()
    record = train(spec, "online", pause_s=0.05)
    assert record["result"] == expected
    assert [step for step, _ in server.history(spec.run_id)] == STEPS
    assert server.runs[spec.run_id]["files"]["wandb-events.jsonl"]  # system metrics
    assert len(uploaded(places)) == 1
    asked = len(server.asked)
    assert sync(places) == 0
    assert len(server.asked) == asked
    capfd.readouterr()
    secrets = [KEY.encode(), base64.b64encode(f"api:{KEY}".encode())]
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) > 10
    assert not [path for path in files if any(secret in path.read_bytes() for secret in secrets)]


@pytest.mark.parametrize(("status", "patience"), [(404, 60.0), (500, 6.0)])
def test_a_live_run_that_the_server_stops_taking_waits_for_sync(places, train, server, monkeypatch, status, patience):
    """Whether the server refuses for good, and wandb gives up, or the client would try for days: it's copied anew."""
    spec = make_spec()
    server.refuse = {"file_stream": status}
    with monkeypatch.context() as patch:
        patch.setattr(process, "PATIENCE", patience)
        assert train(spec, "online", pause_s=0.05)["result"]["status"] == "done"
        record = places[0] / spec.run_id / io.RECORD
        assert time.time() - record.stat().st_mtime < patience + 5
    assert not uploaded(places)
    server.refuse, server.runs = {}, {}
    assert sync(places) == 0
    assert [step for step, _ in server.history(spec.run_id)] == STEPS
    assert len(uploaded(places)) == 1


def test_uploading_without_a_key_or_a_server_is_a_sentence(places, train, monkeypatch, capsys):
    train(make_spec({"steps": 10}), "offline")
    assert sync(places) == 2
    assert "wandb has no key on this machine" in capsys.readouterr().err
    monkeypatch.setenv("WANDB_API_KEY", KEY)
    monkeypatch.setenv("WANDB_BASE_URL", "http://127.0.0.1:9")
    monkeypatch.setattr(upload, "LIMIT", 5.0)
    assert sync(places) == 2
    assert "wandb: no answer within 5 s for " in capsys.readouterr().err
    assert len(list(upload.waiting(*places))) == 1
