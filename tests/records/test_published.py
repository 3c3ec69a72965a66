"""The two files of a published matrix: exact, the same bytes each time, both replaced or neither, and checked when read."""

import gzip
import json
import math
from pathlib import Path

import pandas as pd
import pytest

from rhelbench.config import expand
from rhelbench.errors import UserError
from rhelbench.records import io, published
from tests.records.runs import ROWS, leave, make

#: What a history can hold: decimals that need 17 digits, the smallest numbers, none, and what is not finite.
HARD: list[dict[str, float | None]] = [
    {"step": 40, "loss": 0.1 + 0.2, "train": 1 / 3, "val": 5e-324, "fidelity": None},
    {"step": 80, "loss": math.inf, "train": -0.0, "val": 1.7976931348623157e308, "fidelity": 1e-17},
    {"step": 120, "loss": math.nan, "train": -math.inf, "val": None, "fidelity": None},
]


@pytest.fixture(scope="module")
def specs():
    return expand.expand(expand.read("config/smoke.yaml"))[:4]


@pytest.fixture
def runs(specs):
    rows = (HARD, ROWS, [], ROWS)
    return {spec.run_id: make(spec, rows=own) for spec, own in zip(specs, rows, strict=True)}


def test_every_run_comes_back_as_it_was(tmp_path, runs):
    published.write(tmp_path, runs)
    found = published.read(tmp_path)
    assert found == runs
    assert list(found) == sorted(runs)
    for run in found.values():
        assert io.digest(run.history) == run.record["result"]["digests"]["history"]
    assert sorted(path.name for path in tmp_path.iterdir()) == [published.HISTORIES, published.RECORDS]


def test_pandas_reads_every_number_exactly(tmp_path, runs, specs):
    published.write(tmp_path, runs)
    table = pd.read_csv(tmp_path / published.HISTORIES, float_precision="round_trip")
    own = table[table.run_id == specs[0].run_id].drop(columns="run_id").reset_index(drop=True)
    pd.testing.assert_frame_equal(own, pd.DataFrame(HARD).astype({"fidelity": float}), check_exact=True)
    records = pd.read_json(tmp_path / published.RECORDS, lines=True)
    assert [result["run_id"] for result in records.result] == sorted(runs)


def test_equal_runs_give_equal_bytes_whatever_their_order_and_the_time(tmp_path, runs, monkeypatch):
    published.write(tmp_path / "a", runs)
    monkeypatch.setattr("time.time", lambda: 1.0)
    published.write(tmp_path / "b", dict(reversed(runs.items())))
    for name in (published.RECORDS, published.HISTORIES):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_there_may_be_none(tmp_path):
    assert published.read(tmp_path) == {}
    assert published.history(tmp_path) is None
    published.write(tmp_path, {})
    assert published.read(tmp_path) == {}
    assert published.history(tmp_path) == b"run_id,step,loss,train,val,fidelity\n"


def test_runs_are_found_in_either_kind_of_folder(tmp_path, runs, specs):
    published.write(tmp_path / "two", {specs[0].run_id: make(specs[0])})
    leave(specs[0], tmp_path / "own")
    for folder in (tmp_path / "two", tmp_path / "own"):
        assert published.run_ids(folder) == [specs[0].run_id]
        assert published.find(folder)(specs[0].run_id) == make(specs[0])
        assert published.find(folder)(specs[1].run_id) is None


@pytest.mark.parametrize("failing", range(1, 5))
def test_both_files_are_replaced_or_neither(tmp_path, runs, specs, failing, monkeypatch):
    """A write stops at each of its renames; the old pair is read, or the new one, and the next write goes through."""
    old, new = {specs[1].run_id: make(specs[1])}, {specs[1].run_id: make(specs[1], rows=HARD), specs[0].run_id: make(specs[0])}
    published.write(tmp_path, old)
    count, replace = [], Path.replace

    def stop(self, target):
        count.append(target)
        if len(count) == failing:
            raise OSError("killed")
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", stop)
    with pytest.raises(OSError, match="killed"):
        published.write(tmp_path, new)
    monkeypatch.undo()
    assert published.read(tmp_path) == (old if failing <= 2 else new)
    published.write(tmp_path, runs)
    assert published.read(tmp_path) == runs
    assert sorted(path.name for path in tmp_path.iterdir()) == [published.HISTORIES, published.RECORDS]


def rewrite(folder: Path, change) -> None:
    """Apply a change to the list of lines of records.jsonl."""
    path = folder / published.RECORDS
    lines = path.read_text().splitlines()
    path.write_text("".join(f"{line}\n" for line in change(lines)))


def edit(part: str, **values):
    """Change the first record."""

    def change(folder: Path) -> None:
        def first(lines):
            record = json.loads(lines[0])
            record[part] |= values
            return [json.dumps(record), *lines[1:]]

        rewrite(folder, first)

    return change


def repack(change):
    """Apply a change to the unpacked histories."""

    def write(folder: Path) -> None:
        path = folder / published.HISTORIES
        path.write_bytes(gzip.compress(change(gzip.decompress(path.read_bytes()))))

    return write


def cut(name: str):
    return lambda folder: (folder / name).write_bytes((folder / name).read_bytes()[:-9])


DAMAGE = {
    "a line that is cut": (cut(published.RECORDS), r"records\.jsonl, line 4 is damaged \(.+\)"),
    "a line that is no record": (lambda f: rewrite(f, lambda lines: ["[]"]), r"records\.jsonl, line 1 is damaged \(.+\)"),
    "a record without a result": (
        lambda f: rewrite(f, lambda lines: ["{}"]),
        r"line 1 is damaged \(it is not a result and its provenance\)",
    ),
    "a record without provenance": (
        lambda f: rewrite(f, lambda lines: [json.dumps({"result": json.loads(lines[0])["result"]})]),
        r"it is not a result and its provenance",
    ),
    "a run that is there twice": (lambda f: rewrite(f, lambda lines: [*lines, lines[-1]]), r"line 5 is damaged \("),
    "another name": (edit("result", run_id="other"), r"run other: history.csv: its SHA-256 is not"),
    "another specification": (edit("result", spec={}), r"its specification is wrong at 'task'"),
    "no digest": (edit("result", digests={}), r"its record names no SHA-256 of its history"),
    "another digest": (edit("result", digests={"history": "0"}), r"its SHA-256 is not the one that its record names"),
    "another number": (repack(lambda text: text.replace(b",0.3,", b",0.4,", 1)), r"its SHA-256 is not the one"),
    "a history without a record": (
        repack(lambda text: text + b"unknown,1,0,0,0,\n"),
        r"history\.csv\.gz is damaged \(it has a history of unknown, which has no record\)",
    ),
    "other columns": (repack(lambda text: text.replace(b"loss", b"cost", 1)), r"its columns are not run_id, step, loss"),
    "no table": (lambda f: (f / published.HISTORIES).write_bytes(b"a,b\n"), r"history\.csv\.gz is damaged \(Not a gzipped file"),
    "a cut table": (cut(published.HISTORIES), r"history\.csv\.gz is damaged \(.+\)"),
    "no histories": (lambda f: (f / published.HISTORIES).unlink(), r"history\.csv\.gz is missing"),
}


@pytest.mark.parametrize("kind", DAMAGE)
def test_damage_is_a_sentence_that_names_it(tmp_path, runs, kind):
    damage, sentence = DAMAGE[kind]
    published.write(tmp_path, runs)
    damage(tmp_path)
    with pytest.raises(UserError, match=sentence) as raised:
        published.read(tmp_path)
    assert str(raised.value).endswith(": restore it with git, or publish its runs again.")


def test_what_does_not_belong_together_is_not_written(tmp_path, specs):
    for name, run in (
        (specs[1].run_id, make(specs[0])),
        (specs[0].run_id, io.Run(make(specs[0]).record, make(specs[0], rows=HARD).history)),
    ):
        with pytest.raises(UserError, match=rf"^Run {name} can't be published, it is damaged \(.*\): train it again\.$"):
            published.write(tmp_path, {name: run})
    assert not list(tmp_path.iterdir())
