"""``python -m rhelbench download``: download the archives of tasks.

It is the only command that needs a network, for example on a cluster's login node.
"""

import argparse

from rhelbench.cli.prepare import add
from rhelbench.tasks.card import load
from rhelbench.tasks.prepare import archive_files

__all__ = ["add", "run"]


def run(args: argparse.Namespace) -> int:
    """Download each task's archive; all names are checked first.

    Raises:
        UserError: an unknown task, or no source has its archive.
    """
    for card in [load(task) for task in args.task]:
        print(f"{card.name}: {archive_files(card, args.data, args.mirror)}")
    return 0
