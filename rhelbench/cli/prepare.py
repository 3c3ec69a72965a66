"""``python -m rhelbench prepare``: download tasks where needed, check them and write their stores."""

import argparse

from rhelbench.tasks.card import load
from rhelbench.tasks.prepare import prepare


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("--task", action="append", required=True, help="a task with a card in config/tasks; may be repeated")
    parser.add_argument("--data", default="data", help="folder of archives and prepared tasks (default: data)")
    parser.add_argument(
        "--mirror",
        action="append",
        default=[],
        help="folder or URL with the archives, tried after RHELBENCH_MIRROR; may be repeated",
    )


def run(args: argparse.Namespace) -> int:
    """Prepare each task; all names are checked first.

    Raises:
        UserError: an unknown task, or an archive that is missing or damaged.
    """
    for task in args.task:
        load(task)
    for task in args.task:
        print(f"{task}: prepared, see {prepare(task, args.data, args.mirror).with_name('facts.html')}")
    return 0
