"""The command line: one module per command, imported on demand, so that a job starts quickly."""

import argparse
import os
import sys
from collections.abc import Callable
from importlib import import_module

from rhelbench.errors import UserError, unknown_name

#: Command (and module of this package): the sentence in ``--help``.
COMMANDS: dict[str, str] = {
    "check": "validate a configuration, list its runs, or print the specification of one",
    "download": "fetch the archives of tasks, where there is a network",
    "prepare": "download, verify and prepare tasks",
    "split": "record which samples train, validate and test",
    "verify": "run the parity tests on this machine",
    "train": "train one run to its end",
    "status": "show the matrix: done, running, failed, waiting",
    "collect": "gather records into tidy tables",
    "tables": "write the paper's tables from collected results",
    "static": "compute the studies beside the matrix: gradients, precision, reversibility",
    "bench": "measure time and memory of training steps and of one unit",
    "figures": "draw figures from collected results",
    "claims": "write the claims ledger and the deviations page",
    "page": "write results/index.html",
    "quote": "fill the numbers of README.md and docs/ from results/published",
    "publish": "take ended runs into results/published and hash everything there",
    "reproduce": "train a published run again, or take all own ones, and compare",
    "wandb_sync": "upload to wandb what finished runs left in files",
    "wandb_dashboard": "define the project's views on wandb",
}


def at_least(least: int) -> Callable[[str], int]:
    """Return an argparse type for whole numbers ≥ ``least``.

    Example:
        >>> at_least(1)("8")
        8
    """

    def number(text: str) -> int:
        if not text.strip().isdecimal() or int(text) < least:
            raise argparse.ArgumentTypeError(f"'{text}' is no whole number from {least} on")
        return int(text)

    return number


def main(argv: list[str] | None = None) -> int:
    """Run one command.

    Args:
        argv: the arguments after ``rhelbench``; None: those of this process.

    Returns:
        The command's exit status; 2 after an error sentence about wrong input or an unusable path; 1 if the
        reader of the output has closed it.
    """
    argv = sys.argv[1:] if argv is None else argv
    if not argv or argv[0] in ("-h", "--help"):
        width = max(map(len, COMMANDS))
        rows = "\n".join(f"  {name:<{width}}  {text}" for name, text in COMMANDS.items())
        print(f"usage: rhelbench COMMAND [options]\n\n{rows}\n\nCOMMAND --help shows its options.")
        return 0 if argv else 2
    name = argv[0]
    try:
        if name not in COMMANDS:
            raise unknown_name("command", name, list(COMMANDS))
        command = import_module(f"rhelbench.cli.{name}")
        parser = argparse.ArgumentParser(prog=f"rhelbench {name}", description=COMMANDS[name])
        command.add(parser)
        args = parser.parse_args(argv[1:])
        return command.run(args)
    except UserError as error:
        said = str(error)
    except BrokenPipeError:  # the reader (for example `head`) closed the pipe; the interpreter's last flush must not fail
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        if error.filename is None:
            raise
        said = f"{error.filename}: {error.strerror}; check the path, or choose one that you may read and write."
    print(f"rhelbench: {said}", file=sys.stderr)
    return 2
