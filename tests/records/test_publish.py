"""Ended runs become published ones, complete and hashed."""

import shutil
from pathlib import Path

import pandas as pd
import pytest

from rhelbench.cli import main
from rhelbench.config import expand
from rhelbench.errors import UserError
from rhelbench.records import collected, manifest, provenance, publish, published
from rhelbench.records.collect import collect
from tests.records.runs import leave


@pytest.fixture(scope="module")
def specs():
    return expand.expand(expand.read("config/smoke.yaml"))[:3]


def take(specs, runs: Path, out: Path, prune: bool = False, same_code_as: str | None = None):
    """Publish one's own runs, as the command does."""
    return publish.publish(specs, publish.publishable([spec.run_id for spec in specs], runs, same_code_as), out, prune)


def test_ended_runs_are_taken_and_failed_or_missing_ones_are_rows(tmp_path, specs):
    runs, out = tmp_path / "runs", tmp_path / "published"
    leave(specs[0], runs)
    leave(specs[1], runs, status="failed")
    assert list(take(specs, runs, out).status) == ["done", "missing", "missing"]
    assert list(published.read(out)) == [specs[0].run_id]
    assert sorted(path.name for path in out.iterdir()) == ["MANIFEST.json", "history.csv.gz", "records.jsonl", "runs.csv"]
    assert manifest.check(out) == 3
    assert list(collected.read(out).history.loss) == [0.3]
    leave(specs[1], runs)
    assert list(take(specs, tmp_path / "elsewhere", out).status) == ["done", "missing", "missing"]  # kept


def test_a_run_that_was_trained_again_replaces_the_published_one(tmp_path, specs):
    runs, out = tmp_path / "runs", tmp_path / "published"
    leave(specs[0], runs)
    take(specs, runs, out)
    leave(specs[0], runs, result={"value": 0.5}, code_digest="newer")
    assert take(specs, runs, out)["value"].iloc[0] == 0.5
    assert published.read(out)[specs[0].run_id].record["provenance"]["code_digest"] == "newer"


def test_collect_and_status_read_published_runs(tmp_path, specs, capsys):
    runs, out = tmp_path / "runs", tmp_path / "published"
    for spec in specs[:2]:
        leave(spec, runs)
    take(specs, runs, out)
    for source in (runs, out):
        collect(specs, source, tmp_path / source.name / "tables")
        command = ["status", "--config", "config/smoke.yaml", "--results", str(source), "--scratch", str(tmp_path / "scratch")]
        assert main(command) == 0
    own, other = (pd.read_csv(source / "tables" / "history.csv") for source in (runs, out))
    pd.testing.assert_frame_equal(own, other)
    assert (
        (runs / "tables" / "runs.csv").read_bytes()
        == (out / "tables" / "runs.csv").read_bytes()
        == (out / "runs.csv").read_bytes()
    )
    said = capsys.readouterr().out
    half = len(said) // 2
    assert said[:half] == said[half:]
    assert "2 done" in said


def test_what_is_no_longer_asked_for_is_deleted_only_when_told(tmp_path, specs):
    runs, out = tmp_path / "runs", tmp_path / "published"
    leave(specs[0], runs)
    take(specs, runs, out)
    leave(specs[1], runs)
    with pytest.raises(UserError, match=r"1 published run\(s\) that are not asked for.*--prune"):
        take(specs[1:], runs, out)
    assert list(published.read(out)) == [specs[0].run_id]
    assert list(take(specs[1:], runs, out, prune=True).status) == ["done", "missing"]
    assert list(published.read(out)) == [specs[1].run_id]


def test_own_runs_are_not_where_published_ones_go(tmp_path, specs, capsys):
    leave(specs[0], tmp_path / "runs")
    (tmp_path / "link").symlink_to(tmp_path / "runs")
    command = ["publish", "--config", "config/smoke.yaml", "--prune", "--published", str(tmp_path / "link")]
    for option in ("--results", "--from"):
        assert main([*command, option, str(tmp_path / "runs")]) == 2
        assert "another folder with --published" in capsys.readouterr().err
    assert [path.name for path in (tmp_path / "runs").iterdir()] == [specs[0].run_id]


@pytest.mark.parametrize("dirty", [True, None])
def test_nobody_can_make_a_dirty_run_again_and_nothing_is_written(tmp_path, specs, dirty):
    leave(specs[0], tmp_path / "runs")
    leave(specs[1], tmp_path / "runs", dirty=dirty)
    with pytest.raises(UserError, match=r"uncommitted changes, or .* commit them"):
        take(specs, tmp_path / "runs", tmp_path / "published")
    assert not (tmp_path / "published").exists()


def test_a_record_without_its_history_stops(tmp_path, specs):
    leave(specs[0], tmp_path / "runs")
    (leave(specs[1], tmp_path / "runs") / "history.csv").unlink()
    with pytest.raises(UserError, match=r"history\.csv is damaged \(it is missing\): .* train the run again"):
        take(specs, tmp_path / "runs", tmp_path / "published")
    assert not (tmp_path / "published").exists()


def test_a_copy_that_git_took_for_another_commit_is_known_by_its_code(tmp_path, specs):
    if not (Path(".git").exists() and shutil.which("git")):
        pytest.skip("needs the repository's history")
    runs, out = tmp_path / "runs", tmp_path / "published"
    head, digest = provenance.code_of_commit("HEAD", specs[0].framework)
    leave(specs[0], runs, dirty=True, code_digest=digest)
    take(specs[:1], runs, out, same_code_as="HEAD")
    record = published.read(out)[specs[0].run_id].record
    assert record["provenance"]["git"] == {"commit": "c", "dirty": True, "same_code_as": head}
    leave(specs[0], runs, dirty=True, code_digest="another")
    with pytest.raises(UserError, match="--same-code-as COMMIT"):
        take(specs[:1], runs, out, same_code_as="HEAD")
    with pytest.raises(UserError, match=r"^'nosuchcommit' is not a commit of this repository.*: give the one "):
        provenance.code_of_commit("nosuchcommit", "jax")
