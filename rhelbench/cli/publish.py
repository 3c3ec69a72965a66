"""``python -m rhelbench publish``: copy finished runs into results/published and hash all its files."""

import argparse
from pathlib import Path

from rhelbench.errors import UserError
from rhelbench.records import manifest, merge, publish
from rhelbench.records.collect import count_statuses


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--config", type=Path, nargs="+", help="default: config/published.yaml and config/published/*.yaml")
    source = parser.add_mutually_exclusive_group()
    source.add_argument(
        "--results", type=Path, default=Path("results/runs"), help="your own runs; they replace published ones (%(default)s)"
    )
    source.add_argument(
        "--from", type=Path, metavar="FOLDER", dest="site", help="merge another clone's results/runs or results/published instead"
    )
    parser.add_argument("--replace", action="store_true", help="with --from: also take runs whose published result differs")
    parser.add_argument("--published", type=Path, default=Path("results/published"), help="where they go")
    parser.add_argument(
        "--same-code-as", metavar="COMMIT", help="take records with uncommitted changes, too, whose code is this commit's"
    )
    parser.add_argument("--prune", action="store_true", help="delete published runs that the configuration does not ask for")
    parser.add_argument("--check", action="store_true", help="only compare the folder with its manifest")


def run(args: argparse.Namespace) -> int:
    """Publish, or check the published files; print the number of runs or files.

    Raises:
        UserError: source and target are one folder, or a run cannot be published.
    """
    if args.check:
        print(f"{args.published}: {manifest.check(args.published)} files as {manifest.NAME} says.")
        return 0
    source = args.site or args.results
    if args.published.resolve() == source.resolve():
        raise UserError(f"{source} holds the runs to publish and can't be where they go: name another folder with --published.")
    wanted = publish.specs(args.config or publish.configurations())
    if args.site:
        new = merge.merge_runs(wanted, source, args.published, args.same_code_as, args.replace)
    else:
        new = publish.publishable([spec.run_id for spec in wanted], source, args.same_code_as)
    table = publish.publish(wanted, new, args.published, args.prune)
    print(f"{args.published}: {count_statuses(table)}")
    return 0
