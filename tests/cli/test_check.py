"""`check` prints what a configuration asks for, or one sentence."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from rhelbench import cli
from rhelbench.cli import train
from rhelbench.config import expand
from rhelbench.errors import UserError

SMOKE = yaml.safe_load(Path("config/smoke.yaml").read_text())


def test_the_command_line_prints_the_sentence_and_exits_with_2(tmp_path: Path) -> None:
    file = tmp_path / "wrong.yaml"
    file.write_text(yaml.safe_dump(SMOKE | {"models": ["liner"]}))
    done = subprocess.run(
        [sys.executable, "-m", "rhelbench", "check", "--config", str(file)], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "did you mean 'linear'?" in done.stderr


def test_check_prints_a_specification_that_train_takes(capsys: pytest.CaptureFixture[str]) -> None:
    spec = expand.expand(expand.read("config/smoke.yaml"))[0]
    assert cli.main(["check", "--config", "config/smoke.yaml", "--spec", spec.run_id]) == 0
    printed = capsys.readouterr().out
    assert train.read_spec(printed) == spec
    with pytest.raises(UserError, match=r"field 'sead' is wrong .*python -m rhelbench check --config FILE --spec RUN_ID"):
        train.read_spec(json.dumps(json.loads(printed) | {"sead": 1}))


def test_a_reader_that_has_seen_enough_is_no_error() -> None:
    """``check --list | head``: the pipe is closed before the first line is written."""
    read, write = os.pipe()
    os.close(read)
    words = [sys.executable, "-m", "rhelbench", "check", "--list", "--config", "config/smoke.yaml"]
    done = subprocess.run(words, stdout=write, stderr=subprocess.PIPE, text=True)
    os.close(write)
    assert (done.returncode, done.stderr) == (1, "")
