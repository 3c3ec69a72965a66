"""``python -m rhelbench collect``: gather the records of a matrix into tables, without waiting for runs."""

import argparse
from pathlib import Path

from rhelbench.config import expand
from rhelbench.records.collect import collect, count_statuses


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--config", help="the matrix's configuration file")
    which.add_argument("--config-json", help="the configuration itself, as JSON")
    parser.add_argument("--results", type=Path, default=Path("results/runs"), help="where the records are")
    parser.add_argument("--out", type=Path, required=True, help="folder for runs.csv and history.csv")


def run(args: argparse.Namespace) -> int:
    """Write runs.csv and history.csv; print the number of runs per status."""
    matrix = expand.read(args.config) if args.config else expand.from_json(args.config_json)
    runs = collect(expand.expand(matrix), args.results, args.out)
    print(f"{matrix.name}: {count_statuses(runs)}")
    return 0
