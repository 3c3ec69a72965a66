"""docs/reproducing.md: its commands exist and take their options, its verdicts are those of the code."""

import re
import shlex
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import get_args

import pytest

from rhelbench.claims.verdict import Verdict
from rhelbench.cli import COMMANDS, main
from rhelbench.records.reproduce import VERDICTS

PAGE = Path("docs/reproducing.md").read_text()
LINES = [line for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL) for line in block.splitlines()]
MODULE = [line for line in LINES if line.startswith("python -m rhelbench ")]
SNAKEMAKE = [line for line in LINES if line.startswith("snakemake ")]


@pytest.mark.parametrize("line", MODULE)
def test_a_command_of_the_module_takes_its_options(line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    name, *options = shlex.split(line)[3:]
    assert name in COMMANDS
    parsed = []
    monkeypatch.setattr(import_module(f"rhelbench.cli.{name}"), "run", lambda args: parsed.append(args) or 0)
    assert main([name, *options]) == 0
    assert len(parsed) == 1


def test_every_snakemake_line_finds_its_targets_and_configuration() -> None:
    """A dry run of each distinct target; those with a matrix of their own plan exactly its runs."""
    assert {shlex.split(line)[0] for line in LINES} <= {"git", "make", "source", "snakemake", "python"}
    for line in SNAKEMAKE:
        words = shlex.split(line)[1:]
        file = Path(words[words.index("--configfile") + 1])
        assert file.exists(), line
        known = Path("Snakefile").read_text() + "".join(path.read_text() for path in Path("workflows/rules").glob("*.smk"))
        targets = [word for word in words[: words.index("--configfile")] if word.isidentifier() and word not in ("all",)]
        assert [target for target in targets if f"rule {target}:" not in known] == [], line
    dry = [sys.executable, "-m", "snakemake", "--dry-run", "--nolock", "own_figure", "--configfile", "config/lockstep.yaml"]
    done = subprocess.run(dry, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 0, done.stderr
    assert re.search(r"^own_figure +1$", done.stdout, re.MULTILINE)


def test_make_has_the_targets_that_are_named() -> None:
    for line in LINES:
        for target in shlex.split(line)[1:] if line.startswith("make ") else ():
            assert f"\n{target}: " in Path("Makefile").read_text()


def test_verdicts_are_those_of_the_code() -> None:
    assert all(f"| {name} | {meaning} |" in PAGE for name, meaning in VERDICTS.items())
    assert all(f"*{verdict}*" in " ".join(PAGE.split()) for verdict in get_args(Verdict))
