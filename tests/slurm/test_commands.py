"""`--profile slurm` where Slurm's commands are missing ends at once, in one sentence. Needs no Slurm."""

import os
from pathlib import Path

import pytest
import yaml

from rhelbench.config import resources
from rhelbench.errors import UserError
from tests.slurm import stand_in_slurm
from tests.slurm.checkout import Checkout
from tests.slurm.test_asked_for import MATRIX


@pytest.fixture
def path(tmp_path, monkeypatch):
    """A PATH with all programs of this machine but Slurm's."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for program in [program for place in os.environ["PATH"].split(os.pathsep) for program in Path(place).glob("*")]:
        if program.name not in stand_in_slurm.PROGRAMS and not (folder / program.name).is_symlink():
            (folder / program.name).symlink_to(program)
    monkeypatch.setenv("PATH", str(folder))
    return folder


@pytest.mark.parametrize(
    ("there", "said"),
    [
        ([], "sbatch and squeue and scancel of Slurm are not found on "),
        (["sbatch", "scancel"], "squeue of Slurm is not found on "),
    ],
)
def test_a_command_that_is_missing_is_named(path, there, said):
    for name in there:
        (path / name).symlink_to("/bin/true")
    with pytest.raises(UserError, match=said):
        resources.need_slurm("squeue")


def test_nothing_is_submitted_and_nothing_is_locked(path, tmp_path):
    matrix = tmp_path / "small.yaml"
    matrix.write_text(yaml.safe_dump(MATRIX))
    clone = Checkout(tmp_path / "clone", matrix)
    assert clone.start("train").wait(60) == 2
    said = (clone.folder / "snakemake.log").read_text()
    assert said.count("rhelbench: sbatch and squeue and scancel of Slurm are not found on ") == 1
    assert "Traceback" not in said
    assert not list((clone.folder / ".snakemake/locks").glob("*"))
    assert clone.start("-n", "train").wait(60) == 0
