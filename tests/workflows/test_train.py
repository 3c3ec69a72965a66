"""Tables, figures and pages never train, touch or remove a record; `train` alone does, by digests, and says why."""

import json
import os
import shutil
import time
from pathlib import Path

import pytest
import yaml

from rhelbench.records import io
from tests.workflows.clone import MATRIX, Clone

LOOKS = ("figures report results/tables/looking/summary.txt make_figures", "--forceall --rerun-incomplete tables collect")


def age(folder: Path) -> Path:
    """Make one record of a folder one of other code."""
    file = min(folder.glob("results/runs/*/record.json"))
    record = json.loads(file.read_text())
    record["provenance"]["code_digest"] = "0" * 64
    file.write_text(json.dumps(record))
    return file


def planned(said: str) -> bool:
    """Whether a plan holds a job that trains or prepares."""
    return any(word in said for word in ("rule train_", "rule prepare_task", "rule download"))


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    clone = Clone(tmp_path_factory.mktemp("trained") / "clone")
    clone.snakemake("train")
    assert len(clone.records()) == 4
    return clone


@pytest.fixture
def copy(trained: Clone, tmp_path: Path) -> Clone:
    """Another clone with the same records, and nothing else."""
    clone = Clone(tmp_path / "a clone")
    shutil.copytree(trained.folder / "results/runs", clone.folder / "results/runs")
    return clone


@pytest.fixture
def again(trained: Clone, tmp_path: Path) -> Clone:
    """A copy of the whole working folder, with what Snakemake knows of it."""
    clone = Clone(tmp_path / "a user's clone")
    for name in ("results/runs", "data", ".snakemake"):
        shutil.copytree(trained.folder / name, clone.folder / name)
    return clone


@pytest.mark.parametrize("target", LOOKS)
def test_looking_plans_no_training_after_anything(again: Clone, target: str) -> None:
    age(again.folder)
    facts = again.folder / "data/prepared/BasicMotions/facts.json"
    facts.write_text(facts.read_text().replace('"digest": "', '"digest": "0'))  # newer than the records, and of other data
    rules = again.folder / "workflows/rules/train.smk"
    rules.write_text(rules.read_text().replace("rhelbench train --wait", "rhelbench train  --wait"))  # as after a pull
    before = again.records()
    said = again.snakemake("-n", *target.split())
    assert "rule collect" in said
    assert not planned(said), said
    assert again.records() == before


def test_records_of_another_clone_are_looked_at_and_left_alone(copy: Clone) -> None:
    for number, file in enumerate(sorted(copy.folder.glob("results/runs/*/*"))):  # a backup with its old times, others new
        then = time.time() + (1e5 if number % 2 else -1e5)
        os.utime(file, (then, then))
    before = copy.records()
    assert "2 done" in copy.snakemake("tables")
    assert copy.records() == before
    shutil.rmtree(copy.folder / ".snakemake")
    assert not planned(copy.snakemake("-n", "tables", "train"))
    for words in (("--touch", "tables"), ("--delete-all-output", "tables", "train")):
        copy.snakemake(*words)
        assert copy.records() == before


def test_a_backup_that_is_restored_is_what_tables_show(copy: Clone) -> None:
    copy.snakemake("tables")
    file = min(copy.folder.glob("results/runs/*/record.json"))
    record, then = json.loads(file.read_text()), file.stat().st_mtime - 1e6
    record["result"]["value"] = 0.125
    file.write_text(json.dumps(record))
    os.utime(file, (then, then))
    copy.snakemake("tables")
    assert "0.125" in (copy.folder / "results/collected/looking/runs.csv").read_text()


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes where it likes")
def test_records_may_be_read_only(copy: Clone) -> None:
    runs, before = [copy.folder / "results/runs", *copy.folder.glob("results/runs/*")], copy.records()
    for folder in runs:
        folder.chmod(0o555)
    try:
        copy.snakemake("tables")
    finally:
        for folder in runs:
            folder.chmod(0o755)
    assert copy.records() == before


def test_another_configuration_shares_runs(again: Clone) -> None:
    before = again.records()
    (again.folder / "matrix.yaml").write_text(yaml.safe_dump(MATRIX | {"name": "other", "seeds": [1, 2, 3]}))
    said = again.snakemake("-n", "train")
    assert said.count("rule train_BasicMotions_numpy:") == 1
    assert "exact-3-" in said
    assert again.records() == before


def test_train_says_why_and_exchanges_the_record_alone(again: Clone) -> None:
    file = age(again.folder)
    old, (_, other) = file.read_bytes(), sorted(again.folder.glob("results/runs/*/record.json"))
    untouched = other.stat().st_mtime_ns
    reason = "rhelbench: To be trained again (code of numpy 00000000, today "
    said = again.snakemake("-n", "train")
    assert said.count(reason) == 1
    assert said.count("rule train_BasicMotions_numpy_again:") == 1
    assert file.read_bytes() == old
    said = again.snakemake("train", "tables")
    assert reason in said
    assert said.index(reason) < said.index("rule train_")
    (kept,) = file.parent.glob("attempts/replaced-*/record.json")
    assert kept.read_bytes() == old
    record = io.read(file.parent)
    assert record is not None
    assert record["provenance"]["code_digest"] != "0" * 64
    assert other.stat().st_mtime_ns == untouched
    assert "Nothing to be done" in again.snakemake("train", "tables")
    assert "Nothing to be done" in again.snakemake("tables")


def test_a_record_that_is_damaged_is_a_sentence(again: Clone) -> None:
    file = min(again.folder.glob("results/runs/*/record.json"))
    file.write_text("{")
    said = again.snakemake("-n", "train", status=1)
    assert f"rhelbench: {file.relative_to(again.folder)} is damaged" in said
    assert "Traceback" not in said
