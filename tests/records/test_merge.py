"""Runs of another site join the published ones; what disagrees, is damaged or not asked for is refused, unwritten."""

import shutil
from pathlib import Path

import pytest

from rhelbench.cli import main
from rhelbench.config import expand
from rhelbench.records import io, published
from tests.records.runs import leave, make

CONFIG = "config/smoke.yaml"


@pytest.fixture(scope="module")
def specs():
    return expand.expand(expand.read(CONFIG))[:3]


@pytest.fixture
def site(tmp_path, specs):
    """A published folder with the first run, and another site's results/runs with the first and the second, trained there."""
    leave(specs[0], tmp_path / "own")
    assert merge(tmp_path, "--results", str(tmp_path / "own")) == 0
    for spec in specs[:2]:
        leave(spec, tmp_path / "site", host="elsewhere")
    return tmp_path / "site"


def merge(tmp_path: Path, *options: str) -> int:
    return main(["publish", "--config", CONFIG, "--published", str(tmp_path / "published"), *options])


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def refused(tmp_path, site, capsys, *options: str) -> str:
    """Return the sentence; nothing has changed."""
    before = contents(tmp_path / "published")
    capsys.readouterr()
    assert merge(tmp_path, "--from", str(site), *options) == 2
    assert contents(tmp_path / "published") == before
    said = capsys.readouterr().err
    assert said.startswith("rhelbench: ")
    assert said.count("\n") == 1
    return said


def test_new_runs_are_added_and_an_equal_one_stays_as_it_is(tmp_path, site, specs):
    assert merge(tmp_path, "--from", str(site)) == 0
    found = published.read(tmp_path / "published")
    assert found == {specs[0].run_id: make(specs[0]), specs[1].run_id: make(specs[1], host="elsewhere")}
    assert main(["publish", "--check", "--published", str(tmp_path / "published")]) == 0


def test_published_runs_of_another_site_are_merged_too(tmp_path, site, specs):
    site = tmp_path / "another"
    published.write(site, {spec.run_id: make(spec, host="elsewhere") for spec in specs})
    assert merge(tmp_path, "--from", str(site)) == 0
    found = published.read(tmp_path / "published")
    assert [run.record["provenance"].get("host") for run in map(found.get, [s.run_id for s in specs])] == [
        None,
        *2 * ["elsewhere"],
    ]
    before = contents(tmp_path / "published")
    assert merge(tmp_path, "--from", str(site)) == 0
    assert contents(tmp_path / "published") == before


@pytest.mark.parametrize(
    ("result", "values"),
    [
        ({"value": 0.75}, f"has value {2 / 3} in .* and 0.75 in .*"),
        ({"best_step": 20}, "has best_step 40 in .* and 20 in .*"),
        ({"status": "time-limit"}, 'has status "done" in .* and "time-limit" in .*'),
        ({"value": None}, f"has value {2 / 3} in .* and null in .*"),
        ({"value": float("nan")}, f"has value {2 / 3} in .* and NaN in .*"),
    ],
)
def test_a_result_that_disagrees_is_refused_with_both_values(tmp_path, site, specs, capsys, result, values):
    leave(specs[0], site, result=result)
    expect(refused(tmp_path, site, capsys), f"^rhelbench: Run {specs[0].run_id} {values}: find out .* or add --replace")


def expect(said: str, pattern: str) -> None:
    with pytest.raises(AssertionError, match=pattern):
        raise AssertionError(said)


def test_another_history_is_a_digest_that_disagrees(tmp_path, site, specs, capsys):
    rows = [{"step": 40, "loss": 0.4, "train": 1.0, "val": 1 / 3, "fidelity": None}]
    leave(specs[0], site, rows=rows)
    digests = [io.digest(make(specs[0]).history or b""), io.digest(io.format_history(rows))]
    expect(refused(tmp_path, site, capsys), f'has digest of history "{digests[0]}" in .* and "{digests[1]}" in ')


def test_a_disagreeing_run_is_taken_when_told(tmp_path, site, specs):
    leave(specs[0], site, result={"value": 0.75}, host="elsewhere")
    assert merge(tmp_path, "--from", str(site), "--replace") == 0
    found = published.read(tmp_path / "published")
    assert [found[spec.run_id].record["result"]["value"] for spec in specs[:2]] == [0.75, 2 / 3]


def test_a_nan_is_equal_to_itself(tmp_path, specs):
    for folder in ("own", "site"):
        leave(specs[0], tmp_path / folder, status="diverged", result={"val": float("nan")}, host=folder)
    assert merge(tmp_path, "--results", str(tmp_path / "own")) == 0
    assert merge(tmp_path, "--from", str(tmp_path / "site")) == 0
    assert published.read(tmp_path / "published")[specs[0].run_id].record["provenance"]["host"] == "own"


def test_a_damaged_record_is_refused(tmp_path, site, specs, capsys):
    (site / specs[1].run_id / "history.csv").write_text("step,loss,train,val,fidelity\n")
    expect(refused(tmp_path, site, capsys, "--replace"), r"history\.csv is damaged \(its SHA-256 .*: delete it ")
    shutil.copytree(site / specs[0].run_id, site / "renamed")
    shutil.rmtree(site / specs[1].run_id)
    expect(refused(tmp_path, site, capsys), r"renamed/record\.json is damaged \(it is the record of ")


def test_a_run_of_another_matrix_is_refused(tmp_path, site, specs, capsys):
    other = specs[1].model_copy(update={"seed": 99})
    leave(other, site)
    said = refused(tmp_path, site, capsys, "--replace")
    expect(said, f"^rhelbench: No configuration asks for run {other.run_id} in .*: add its matrix to config/published/")


def test_a_run_of_another_version_is_refused(tmp_path, site, specs, capsys):
    other = specs[1].model_copy(update={"benchmark": "0.1"})
    leave(other, site)
    said = refused(tmp_path, site, capsys)
    expect(
        said, rf"^rhelbench: Run {other.run_id} in .* is of version 0\.1, and version 0\.\d is asked for: train it again, or add "
    )


def test_failed_runs_are_left_out_and_a_folder_without_runs_is_refused(tmp_path, site, specs, capsys):
    leave(specs[2], site, status="failed")
    assert merge(tmp_path, "--from", str(site)) == 0
    assert list(published.read(tmp_path / "published")) == sorted(spec.run_id for spec in specs[:2])
    expect(refused(tmp_path, tmp_path / "none", capsys), r"No record in \S+none: name another clone's results/runs")


def test_what_nobody_can_make_again_is_refused(tmp_path, site, specs, capsys):
    leave(specs[1], site, dirty=True)
    expect(refused(tmp_path, site, capsys), f"The record of {specs[1].run_id} in .* was made with uncommitted changes")
