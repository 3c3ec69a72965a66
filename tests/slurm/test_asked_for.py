"""What a job on a cluster asks for, and what it demands of its framework: the executor plugin with a stand-in for Slurm."""

import json
import os
from itertools import pairwise

import pytest
import yaml

from rhelbench.config import expand
from tests.slurm import stand_in_slurm
from tests.slurm.checkout import Checkout
from tests.slurm.submission import pretend

pytestmark = pytest.mark.timeout(600)
MATRIX = {
    "name": "small", "protocol": "exact", "tasks": ["BasicMotions"], "models": ["linear"], "algorithms": ["bptt"],
    "frameworks": ["torch"], "seeds": [1],
}  # fmt: skip


@pytest.fixture
def clone(tmp_path, monkeypatch):
    """A working folder whose Slurm and training are stand-ins, and whose framework is still to be verified."""
    (tmp_path / "small.yaml").write_text(yaml.safe_dump(MATRIX))
    stand_in_slurm.install(tmp_path / "slurm")
    monkeypatch.setenv("PATH", str(tmp_path / "slurm"), prepend=os.pathsep)
    made = Checkout(tmp_path / "clone", tmp_path / "small.yaml")
    pretend(made, expand.read(tmp_path / "small.yaml"))
    (made.folder / "results/verify/torch.json").unlink()
    return made


def devices(clone):
    """Return what the commands that verified and trained were told of a device."""
    files = [*clone.folder.glob("results/verify/torch.json"), *clone.folder.glob("results/runs/*/record.json")]
    said = [json.loads(file.read_text())["arguments"] for file in files]
    return [dict(pairwise(words)).get("--device") for words in said]


def gpus(clone):
    """Return what each job asked Slurm for, as far as it is a GPU."""
    return [
        [word for word in job["options"] if word.startswith(("--gpu", "--gres"))]
        for job in stand_in_slurm.jobs(clone.folder.parent / "slurm")
    ]


def test_a_gpu_is_asked_for_and_must_be_found(clone):
    clone.finish(clone.start("train"), 400)
    assert devices(clone) == ["cuda", "cuda"]
    assert len(gpus(clone)) == 2
    assert all("--gpus=1" in words for words in gpus(clone))
    clone.finish(clone.start("train", slurm=False), 100)  # tables are drawn where no GPU is
    assert "Nothing to be done" in (clone.folder / "snakemake.log").read_text()


def test_on_a_cluster_without_gpus_none_is_asked_for(clone):
    clone.finish(clone.start("train", "--config", "device=cpu"), 400)
    assert devices(clone) == ["cpu", "cpu"]
    assert gpus(clone) == [[], []]


def test_on_one_machine_a_framework_takes_what_there_is(clone):
    clone.finish(clone.start("train", "--config", "verify=true", slurm=False), 400)
    assert devices(clone) == [None, None]
