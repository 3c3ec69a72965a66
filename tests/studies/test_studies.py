"""Every study has its file and the command that makes its tables."""

from pathlib import Path

import pytest

from rhelbench.cli import main
from rhelbench.studies import STUDIES

#: Files of the folder that are not studies.
SHARED = {"__init__", "hardware", "single_unit", "stacks", "units"}


def test_the_registry_is_the_folder():
    assert set(STUDIES) == {path.stem for path in Path("rhelbench/studies").glob("*.py")} - SHARED


def test_the_command_writes_tables_and_facts_that_repeat_to_the_byte(tmp_path: Path):
    for name in ("one", "two"):
        assert main(["static", "echo", "--out", str(tmp_path / name)]) == 0
    assert {path.name for path in (tmp_path / "one").iterdir()} == {"echo.csv", "echo.json"}
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()


def test_an_unknown_study_is_refused_in_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["static", "ecco", "--out", str(tmp_path)]) == 2
    assert "did you mean 'echo'" in capsys.readouterr().err
