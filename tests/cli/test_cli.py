"""What a user can get wrong on the command line is one sentence that says what to do."""

from pathlib import Path

import pytest

from rhelbench import cli
from tests.stats import factory

WRONG = {
    "tables --collected {folder}/small --out /dev/null/x": "/dev/null/x: Not a directory; check the path",
    "collect --config config/smoke.yaml --out /dev/null/x": "/dev/null/x: Not a directory; check the path",
    "prepare --task Heartbeat --data /dev/null/x": "Not a directory: ",
    "collect --config-json {bad --out there": "--config-json is not JSON (",
    "status --config-json []": "--config-json must hold keys and values",
    "check --config config": "config: Is a directory; it must be a YAML file",
    "check --config config/none.yaml": "No configuration config/none.yaml: choose one of",
    "check --config config/smoke.yaml --spec BasicMotions": "Unknown run of config/smoke.yaml: 'BasicMotions'",
    "bench --cell x": "--cell is wrong (Invalid JSON",
    "quote --published {folder}/small": "small/parity.json is missing: give a folder",
}


def said(words: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    assert cli.main(words) == 2
    error = capsys.readouterr().err
    assert error.startswith("rhelbench: ")
    assert error.count("\n") == 1
    return error


@pytest.mark.parametrize(("line", "sentence"), WRONG.items(), ids=WRONG)
def test_a_wrong_word_is_one_sentence(line: str, sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    factory.small(tmp_path)
    assert sentence in said([word.replace("{folder}", str(tmp_path)) for word in line.split()], capsys)


@pytest.mark.parametrize("line", ["claims --longest -5", "claims --longest 0", "split --seed -1"])
def test_numbers_that_are_too_small_are_refused(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(line.split())
    assert "is no whole number from" in capsys.readouterr().err


def test_help_names_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as ended:
        cli.main(["check", "--help"])
    assert ended.value.code == 0


def test_what_is_missing_is_installed_from_here(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert "wandb is not installed: run `.venv/bin/pip install -e '.[wandb]' -c constraints.txt`" in said(["wandb_sync"], capsys)
