"""The option ``--threads``, shared by the commands that compute."""

import argparse
import sys

from rhelbench.cli import at_least
from rhelbench.config import cores, resources


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the option."""
    parser.add_argument(
        "--threads",
        type=at_least(1),
        help="CPU threads; default: OMP_NUM_THREADS where it is set, else the cores that config/resources.yaml gives the job",
    )


def apply(threads: int | None, rule: str, task: str | None = None, runs: int = 1) -> int:
    """Set the number of threads before a framework is imported; the default is that of the workflow's job.

    Args:
        threads: value of ``--threads``.
        rule: the workflow's rule of this command, a key of config/resources.yaml.
        task: of a training job.
        runs: number of runs that share the job.

    Returns:
        The number of threads.
    """
    chosen = threads or cores.requested_cores()
    if chosen is None:
        table = resources.read()["rules"][rule]
        wanted = (table.get(task, table["default"]) if task else table)["cores"] * runs
        chosen = min(wanted, cores.available_cores())
        if chosen < wanted:
            print(f"{wanted} cores are configured and {chosen} may be used here: {chosen} threads.", file=sys.stderr)
    cores.set_threads(chosen)
    return chosen
