"""wandb's workspaces against a stand-in for its server on the loopback."""

import json

import pytest

from rhelbench import cli
from rhelbench.wandb import workspace
from tests.wandb.server import KEY

pytest.importorskip("wandb_workspaces")


def dashboard(tmp_path, *options):
    return cli.main(["wandb_dashboard", "--config", "config/smoke.yaml", "--scratch", str(tmp_path), *options])


def test_the_views_are_saved_and_saved_again_in_their_places(tmp_path, server, capsys):
    assert dashboard(tmp_path, "--entity", "someone") == 0
    urls = capsys.readouterr().out.split()
    views = {view["displayName"]: view for view in server.views.values()}
    assert list(views) == ["BasicMotions: RHEL against BPTT", workspace.OVERVIEW]
    assert {(view["entityName"], view["projectName"], view["type"]) for view in views.values()} == {
        ("someone", "rhelbench", "project-view")
    }
    task, overview = (json.loads(view["spec"])["section"] for view in views.values())
    assert "BasicMotions" in json.dumps(task["runSets"])
    panels = {
        panel["config"].get("chartTitle") or panel["config"]["title"]: panel["config"]
        for section in (*task["panelBankConfig"]["sections"], *overview["panelBankConfig"]["sections"])
        for panel in section["panels"]
    }
    assert {name: config["metrics"] for name, config in panels.items()} == {
        "Test accuracy, mean over seeds": ["test/accuracy"],
        "Validation accuracy by algorithm": ["val/accuracy"],
        "Validation accuracy by framework": ["val/accuracy"],
        "Training loss by framework": ["train/loss"],
        "Steps per second, median": ["steps_per_s"],
        "Peak host memory (bytes)": ["peak_host_bytes"],
        "Peak device memory (bytes)": ["peak_device_bytes"],
        "Echo fidelity (lost above 0.01)": ["echo/fidelity"],
    }
    before = {view["id"]: view["name"] for view in server.views.values()}
    assert dashboard(tmp_path, "--entity", "someone") == 0
    assert capsys.readouterr().out.split() == urls
    assert {view["id"]: view["name"] for view in server.views.values()} == before


def test_views_that_are_refused_are_a_sentence(tmp_path, server, capsys):
    assert dashboard(tmp_path) == 2
    assert "set WANDB_ENTITY" in capsys.readouterr().err
    server.refuse = {"UpsertView2": 403}
    assert dashboard(tmp_path, "--entity", "someone") == 2
    said = capsys.readouterr().err
    assert "wandb did not take the views" in said
    assert KEY not in said
