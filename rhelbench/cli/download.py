"""Fetch the archives of tasks: the only command with network, for a machine that has it (a cluster's login node)."""

import argparse

from rhelbench.cli.prepare import add
from rhelbench.tasks.card import load
from rhelbench.tasks.prepare import archive_files

__all__ = ["add", "run"]


def run(args: argparse.Namespace) -> int:
    """Fetch each task's archive in turn; every name is known before the first is fetched."""
    for card in [load(task) for task in args.task]:
        print(f"{card.name}: {archive_files(card, args.data, args.mirror)}")
    return 0
