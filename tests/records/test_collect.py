"""Records become tables of runs; what is missing or damaged says so."""

import pandas as pd
import pytest

from rhelbench.cli import main
from rhelbench.config import expand
from rhelbench.records import io
from rhelbench.records.collect import RUNS, collect, count_statuses

PROVENANCE = {"device": "cpu", "seconds": {"train": 2.5, "total": 3.0}, "peak_host_bytes": 7, "peak_device_bytes": None}
ROWS = [{"step": 40, "loss": 0.1 + 0.2, "train": 1.0, "val": 1 / 3, "fidelity": None}]
EMPTY = dict.fromkeys(("value", "correct", "total", "val", "best_step", "last_step"))


@pytest.fixture(scope="module")
def specs():
    return expand.expand(expand.read("config/smoke.yaml"))[:4]


@pytest.fixture
def results(tmp_path, specs):
    """The first run is done, the second failed, the third is under way, the fourth has not begun."""
    found = {"value": 2 / 3, "correct": 8, "total": 12, "val": 1 / 3, "best_step": 40, "last_step": 40}
    folders = [tmp_path / "runs" / spec.run_id for spec in specs]
    io.write_history(folders[0], ROWS)
    io.write_record(folders[0], {"status": "done", "flags": ["echo-lost"], **found}, PROVENANCE)
    io.write_record(folders[1], {"status": "failed", "flags": [], **EMPTY}, {})
    io.write_history(folders[2], ROWS)
    return tmp_path / "runs"


def test_every_cell_has_a_row_and_what_is_not_there_says_so(tmp_path, specs, results):
    runs = collect(specs, results, tmp_path / "out")
    assert list(runs.columns) == list(RUNS)
    assert list(runs["run_id"]) == [spec.run_id for spec in specs]
    assert list(runs["status"]) == ["done", "failed", "missing", "missing"]
    assert count_statuses(runs) == "1 done, 1 failed, 2 missing"
    read = pd.read_csv(tmp_path / "out" / "runs.csv", float_precision="round_trip")
    assert (read["value"][0], read["correct"][0], read["flags"][0], read["train_s"][0]) == (2 / 3, 8, "echo-lost", 2.5)
    numbers = ["value", "correct", "total", "val", "best_step", "last_step", "train_s", "peak_host_bytes"]
    assert read.loc[1:, numbers].isna().all(axis=None)  # missing is empty, never zero


def test_only_recorded_runs_have_a_history_and_it_reads_back_exactly(tmp_path, specs, results):
    collect(specs, results, tmp_path / "out")
    read = pd.read_csv(tmp_path / "out" / "history.csv", float_precision="round_trip")
    assert list(read["run_id"]) == [specs[0].run_id]
    assert (read["loss"][0], read["val"][0]) == (0.1 + 0.2, 1 / 3)


def test_equal_records_give_equal_bytes(tmp_path, specs, results):
    for out in ("a", "b"):
        collect(specs, results, tmp_path / out)
    for name in ("runs.csv", "history.csv"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_nothing_yet_gives_complete_tables_too(tmp_path, specs):
    runs = collect(specs, tmp_path / "none", tmp_path / "out")
    assert count_statuses(runs) == "4 missing"
    assert len(pd.read_csv(tmp_path / "out" / "history.csv")) == 0


@pytest.mark.parametrize("text", ["", "{}", '{"result": {"sta', "[]"])
def test_a_damaged_record_is_a_sentence_that_names_it(tmp_path, specs, results, text, capsys):
    path = results / specs[0].run_id / io.RECORD
    path.write_text(text)
    for command in (["collect", "--out", str(tmp_path / "out")], ["status", "--scratch", str(tmp_path)]):
        assert main([*command, "--config", "config/smoke.yaml", "--results", str(results)]) == 2
        assert f"rhelbench: {path} is damaged (" in (said := capsys.readouterr().err)
        assert said.endswith("): delete it and train the run again.\n")


@pytest.mark.parametrize("text", ["", "step,loss\n1,2\n"])
def test_a_damaged_history_is_a_sentence_that_names_it(tmp_path, specs, results, text, capsys):
    path = results / specs[0].run_id / "history.csv"
    path.write_text(text)
    for command in (["collect", "--out", str(tmp_path / "out")], ["status", "--scratch", str(tmp_path)]):
        assert main([*command, "--config", "config/smoke.yaml", "--results", str(results)]) == 2
        assert f"{path} is damaged (" in capsys.readouterr().err


@pytest.fixture
def whole(tmp_path, specs):
    """Two runs with everything that a record names."""
    for spec in specs[:2]:
        folder = tmp_path / "whole" / spec.run_id
        io.write_spec(folder, spec)
        io.write_history(folder, ROWS)
        digests = {"history": io.digest(io.format_history(ROWS))}
        names = {"run_id": spec.run_id, "spec": spec.model_dump(mode="json"), "digests": digests}
        io.write_record(folder, {"status": "done", "flags": [], **EMPTY, **names}, PROVENANCE)
    return tmp_path / "whole"


def cut(folder, other):
    (folder / "history.csv").write_bytes((folder / "history.csv").read_bytes()[:-4])


def lose(folder, other):
    (folder / "history.csv").unlink()


def exchange(name):
    return lambda folder, other: (folder / name).write_bytes((other / name).read_bytes())


@pytest.mark.parametrize(
    ("damage", "name", "why"),
    [
        (cut, "history.csv", "its SHA-256 is not the one that its record names"),
        (lose, "history.csv", "it is missing"),
        (exchange("record.json"), "record.json", "it is the record of "),
        (exchange("spec.json"), "spec.json", "it is not the specification that its record names"),
    ],
)
def test_files_that_do_not_belong_together_are_a_sentence(tmp_path, specs, whole, damage, name, why, capsys):
    collect(specs, whole, tmp_path / "out")
    folder, other = (whole / spec.run_id for spec in specs[:2])
    damage(folder, other)
    for command in (["collect", "--out", str(tmp_path / "out")], ["status", "--scratch", str(tmp_path)]):
        assert main([*command, "--config", "config/smoke.yaml", "--results", str(whole)]) == 2
        said = capsys.readouterr().err
        assert f"{folder / name} is damaged ({why}" in said
        assert said.endswith(
            f"): delete {'it' if name == io.RECORD else 'it and record.json beside it,'} and train the run again.\n"
        )


def test_the_command(tmp_path, results, capsys):
    command = ["collect", "--config", "config/smoke.yaml", "--results", str(results), "--out", str(tmp_path / "out")]
    assert main(command) == 0
    total = len(expand.expand(expand.read("config/smoke.yaml")))
    assert capsys.readouterr().out == f"smoke: 1 done, 1 failed, {total - 2} missing\n"
