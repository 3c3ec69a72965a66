"""``python -m rhelbench publish``: take ended runs into results/published and hash everything there."""

import argparse
from pathlib import Path

from rhelbench.records import manifest, publish
from rhelbench.records.collect import counts


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--config", type=Path, nargs="+", help="default: config/published.yaml and config/published/*.yaml")
    parser.add_argument("--results", type=Path, default=Path("results/runs"), help="where the records are")
    parser.add_argument("--published", type=Path, default=Path("results/published"), help="where they go")
    parser.add_argument(
        "--same-code-as", metavar="COMMIT", help="take records with uncommitted changes, too, whose code is this commit's"
    )
    parser.add_argument("--prune", action="store_true", help="delete published runs that the configuration does not ask for")
    parser.add_argument("--check", action="store_true", help="only compare the folder with its manifest")


def run(args: argparse.Namespace) -> int:
    """Publish, or check what is published, and say how many runs or files there are."""
    if args.check:
        print(f"{args.published}: {manifest.check(args.published)} files as {manifest.NAME} says.")
        return 0
    wanted = publish.specs(args.config or publish.matrices())
    table = publish.publish(wanted, args.results, args.published, args.same_code_as, args.prune)
    print(f"{args.published}: {counts(table)}")
    return 0
