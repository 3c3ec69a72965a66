"""docs/adding.md followed word by word: its card, its command, its row of hyperparameters."""

import json
import re
import shlex
import shutil
import sys
from pathlib import Path
from subprocess import run

import pytest

from rhelbench.config import expand

PAGE = Path("docs/adding.md").read_text()


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the configuration to add to, as the working directory."""
    shutil.copytree("config", tmp_path / "config")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_example_task_is_prepared_and_can_be_asked_for(site: Path) -> None:
    card, row, *_ = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    command, *_ = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
    Path("config/tasks/GunPoint.yaml").write_text(card)
    with Path("config/hyperparameters.yaml").open("a") as table:
        table.write(row)
    words = shlex.split(command)
    assert words[0] == "python"
    done = run([sys.executable, *words[1:]], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    facts = json.loads((site / "data/prepared/GunPoint/facts.json").read_text())
    assert (facts["samples"], facts["class_counts"]) == (200, {"1": 100, "2": 100})
    matrix = expand.parse(expand.load("config/smoke.yaml") | {"tasks": "GunPoint"}, "smoke")
    assert {spec.task for spec in expand.expand(matrix)} == {"GunPoint"}


def test_a_card_that_is_wrong_about_its_files_is_refused(site: Path) -> None:
    card = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)[0]
    Path("config/tasks/GunPoint.yaml").write_text(card.replace("length: 150", "length: 151"))
    done = run(
        [sys.executable, "-m", "rhelbench", "prepare", "--task", "GunPoint"],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 2
    assert "151" in done.stderr
    assert not [path for path in (site / "data/prepared/GunPoint").rglob("*") if path.is_file()]
