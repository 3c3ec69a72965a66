"""The Apptainer recipe as far as it can be checked without Apptainer: its sections, its files, the shell in it."""

import re
import subprocess
from pathlib import Path

import pytest

TEXT = Path("slurm/rhelbench.def").read_text()
SECTIONS = dict(re.findall(r"^%(\w+)\n(.*?)(?=^%|\Z)", TEXT, re.MULTILINE | re.DOTALL))
SHELL = ("post", "environment", "runscript", "test")


def test_header_and_sections_are_apptainers():
    head = dict(re.findall(r"^(\w+): (\S+)$", TEXT.partition("\n%")[0], re.MULTILINE))
    assert head == {"Bootstrap": "docker", "From": "python:3.11-slim-bookworm"}
    assert set(SECTIONS) == {"arguments", "files", *SHELL}


def test_every_file_it_copies_exists():
    named = [name for line in SECTIONS["files"].splitlines() for name in line.split()[:-1]]
    assert named
    assert [name for name in named if not Path(name).exists()] == []


def test_every_build_argument_it_uses_is_declared():
    declared = set(re.findall(r"^\s*(\w+)=", SECTIONS["arguments"], re.MULTILINE))
    assert set(re.findall(r"\{\{ (\w+) \}\}", TEXT)) == declared


@pytest.mark.parametrize("section", SHELL)
def test_its_shell_can_be_read(section):
    done = subprocess.run(["sh", "-n"], input=SECTIONS[section], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
