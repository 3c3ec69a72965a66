"""Cluster resources of jobs: config/resources.yaml, validated."""

import shutil
import socket
from typing import Any

from rhelbench import files
from rhelbench.config.protocols import CONFIG
from rhelbench.errors import UserError, check_names
from rhelbench.spec import Frozen, Positive
from rhelbench.tasks import card


class Needs(Frozen):
    """Resources of one job: host memory in MiB, and minutes."""

    cores: Positive
    mem_mb: Positive
    runtime: Positive


class Rules(Frozen):
    """Resources by rule; those of training are by task, or the ``default``."""

    prepare_task: Needs
    study: Needs
    bench: Needs
    verify_framework: Needs
    train: dict[str, Needs]


class Resources(Frozen):
    """The file: how to request a GPU, and the rules."""

    gpu: dict[str, int | str]
    rules: Rules


def read() -> dict[str, Any]:
    """Read config/resources.yaml.

    Raises:
        UserError: it is invalid, names an unknown task, or training has no ``default``.
    """
    path = files.find(CONFIG / "resources.yaml")
    found = files.read_yaml(path, Resources)
    check_names(f"task in {path}:", found.rules.train, ["default", *card.task_names()])
    if "default" not in found.rules.train:
        raise UserError(f"{path}: rules.train has no 'default' for the tasks that it does not name; add it.")
    return found.model_dump()


def need_slurm(status: str) -> None:
    """Check that Slurm's commands exist; without them its executor would wait forever.

    Args:
        status: the command for the states of jobs, ``squeue`` or ``sacct``.

    Raises:
        UserError: a command is missing.
    """
    absent = [name for name in ("sbatch", status, "scancel") if shutil.which(name) is None]
    if absent:
        raise UserError(
            f"{' and '.join(absent)} of Slurm {'is' if len(absent) == 1 else 'are'} not found on {socket.gethostname()}: start "
            f"Snakemake on a login node (`module load slurm` at some sites), or without `--profile slurm` to train here."
        )
