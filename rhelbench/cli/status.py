"""``python -m rhelbench status``: the state of every run of a matrix."""

import argparse
from pathlib import Path

from rhelbench.config import expand
from rhelbench.records import status


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--config", default="config/paper.yaml", help="the matrix's configuration file")
    which.add_argument("--config-json", help="the configuration itself, as JSON")
    parser.add_argument("--results", type=Path, default=Path("results/runs"), help="where the records are")
    parser.add_argument("--scratch", type=Path, default=Path("scratch"), help="where the locks are")


def run(args: argparse.Namespace) -> int:
    """Print the table."""
    given = args.config_json
    matrix = expand.from_json(given) if given else expand.read(args.config)
    print(status.table(expand.expand(matrix), args.results, args.scratch))
    return 0
