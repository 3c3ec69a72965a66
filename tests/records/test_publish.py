"""Ended runs become published ones, complete and hashed."""

import shutil
from pathlib import Path

import pytest

from rhelbench.config import expand
from rhelbench.errors import UserError
from rhelbench.records import io, manifest, provenance, publish

EMPTY = dict.fromkeys(("value", "correct", "total", "val", "best_step", "last_step"))
FOUND = {"value": 2 / 3, "correct": 8, "total": 12, "val": 1 / 3, "best_step": 40, "last_step": 40, "flags": []}
ROWS = [{"step": 40, "loss": 0.3, "train": 1.0, "val": 1 / 3, "fidelity": None}]


@pytest.fixture(scope="module")
def specs():
    return expand.expand(expand.read("config/smoke.yaml"))[:3]


def leave(spec, runs: Path, status="done", dirty=False, **more):
    """A record as training leaves it."""
    folder = runs / spec.run_id
    io.spec(folder, spec)
    io.history(folder, ROWS)
    numbers = FOUND if status == "done" else {**EMPTY, "flags": []}
    io.record(folder, {"status": status, **numbers}, {"git": {"commit": "c", "dirty": dirty}, **more})


def test_ended_runs_are_taken_and_failed_or_missing_ones_are_rows(tmp_path, specs):
    runs, out = tmp_path / "runs", tmp_path / "published"
    leave(specs[0], runs)
    leave(specs[1], runs, status="failed")
    table = publish.publish(specs, runs, out)
    assert list(table.status) == ["done", "missing", "missing"]
    assert sorted(path.name for path in (out / "runs").iterdir()) == [specs[0].run_id]
    assert manifest.check(out) == 5  # three of the run, two tables
    leave(specs[1], runs)
    assert list(publish.publish(specs, tmp_path / "elsewhere", out).status) == ["done", "missing", "missing"]  # kept


def test_what_is_no_longer_asked_for_is_deleted_only_when_told(tmp_path, specs):
    runs, out = tmp_path / "runs", tmp_path / "published"
    leave(specs[0], runs)
    publish.publish(specs, runs, out)
    leave(specs[1], runs)
    with pytest.raises(UserError, match=r"1 published run\(s\) that are not asked for.*--prune"):
        publish.publish(specs[1:], runs, out)
    assert [path.name for path in (out / "runs").iterdir()] == [specs[0].run_id]
    assert list(publish.publish(specs[1:], runs, out, prune=True).status) == ["done", "missing"]
    assert [path.name for path in (out / "runs").iterdir()] == [specs[1].run_id]


def test_own_runs_are_not_where_published_ones_go(tmp_path, specs):
    leave(specs[0], tmp_path / "runs")
    (tmp_path / "link").symlink_to(tmp_path)
    with pytest.raises(UserError, match="another folder with --published"):
        publish.publish(specs[1:], tmp_path / "runs", tmp_path / "link", prune=True)
    assert (tmp_path / "runs" / specs[0].run_id).exists()


@pytest.mark.parametrize("dirty", [True, None])
def test_nobody_can_make_a_dirty_run_again_and_nothing_is_written(tmp_path, specs, dirty):
    leave(specs[0], tmp_path / "runs")
    leave(specs[1], tmp_path / "runs", dirty=dirty)
    with pytest.raises(UserError, match=r"uncommitted changes, or .* commit them"):
        publish.publish(specs, tmp_path / "runs", tmp_path / "published")
    assert not (tmp_path / "published").exists()


def test_a_record_without_its_history_stops(tmp_path, specs):
    leave(specs[0], tmp_path / "runs")
    leave(specs[1], tmp_path / "runs")
    (tmp_path / "runs" / specs[1].run_id / "history.csv").unlink()
    with pytest.raises(UserError, match=r"history\.csv is missing .* train the run again"):
        publish.publish(specs, tmp_path / "runs", tmp_path / "published")
    assert not (tmp_path / "published").exists()


def test_a_copy_that_git_took_for_another_commit_is_known_by_its_code(tmp_path, specs):
    if not (Path(".git").exists() and shutil.which("git")):
        pytest.skip("needs the repository's history")
    head, digest = provenance.code_at("HEAD", specs[0].framework)
    leave(specs[0], tmp_path / "runs", dirty=True, code_digest=digest)
    publish.publish(specs[:1], tmp_path / "runs", tmp_path / "published", same_code_as="HEAD")
    record = io.read(tmp_path / "published" / "runs" / specs[0].run_id)
    assert record is not None
    assert record["provenance"]["git"] == {"commit": "c", "dirty": True, "same_code_as": head}
    leave(specs[0], tmp_path / "runs", dirty=True, code_digest="another")
    with pytest.raises(UserError, match="--same-code-as COMMIT"):
        publish.publish(specs[:1], tmp_path / "runs", tmp_path / "published", same_code_as="HEAD")
    with pytest.raises(UserError, match=r"^'nosuchcommit' is not a commit of this repository.*: give the one "):
        provenance.code_at("nosuchcommit", "jax")
