"""What jobs ask of a cluster: config/resources.yaml, validated."""

import shutil
import socket
from typing import Any

from rhelbench import files
from rhelbench.config.protocols import CONFIG
from rhelbench.errors import UserError, check_names
from rhelbench.spec import Frozen, Positive
from rhelbench.tasks import card


class Needs(Frozen):
    """What one job asks for: MiB of host memory, and minutes."""

    cores: Positive
    mem_mb: Positive
    runtime: Positive


class Rules(Frozen):
    """The needs of each rule; training's are those of a task, or the ``default``."""

    prepare_task: Needs
    study: Needs
    bench: Needs
    verify_framework: Needs
    train: dict[str, Needs]


class Resources(Frozen):
    """The file: how a GPU is asked for, and the rules."""

    gpu: dict[str, int | str]
    rules: Rules


def read() -> dict[str, Any]:
    """Read config/resources.yaml.

    Raises:
        UserError: it is not what it should be, names a task that nobody has, or training has no ``default``.
    """
    path = files.find(CONFIG / "resources.yaml")
    found = files.read_yaml(path, Resources)
    check_names(f"task in {path}:", found.rules.train, ["default", *card.task_names()])
    if "default" not in found.rules.train:
        raise UserError(f"{path}: rules.train has no 'default' for the tasks that it does not name; add it.")
    return found.model_dump()


def need_slurm(status: str) -> None:
    """Look whether Slurm's commands are here, without which its executor waits for ever.

    Args:
        status: the command that is asked for the states of jobs, ``squeue`` or ``sacct``.

    Raises:
        UserError: one is missing.
    """
    absent = [name for name in ("sbatch", status, "scancel") if shutil.which(name) is None]
    if absent:
        raise UserError(
            f"{' and '.join(absent)} of Slurm {'is' if len(absent) == 1 else 'are'} not found on {socket.gethostname()}: start "
            f"Snakemake on a login node (`module load slurm` at some sites), or without `--profile slurm` to train here."
        )
