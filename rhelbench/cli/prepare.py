"""Download tasks where needed, check them and write their stores."""

import argparse

from rhelbench.tasks.prepare import prepare


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("--task", action="append", required=True, help="a task with a card in config/tasks; may be repeated")
    parser.add_argument("--data", default="data", help="folder of archives and prepared tasks")


def run(args: argparse.Namespace) -> int:
    """Prepare each task in turn."""
    for task in args.task:
        print(f"prepared {prepare(task, args.data)}")
    return 0
