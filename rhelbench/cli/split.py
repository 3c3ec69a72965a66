"""``python -m rhelbench split``: record the samples of training, validation and test by their ids."""

import argparse
import json
from pathlib import Path

from rhelbench.cli import at_least
from rhelbench.files import write_atomically
from rhelbench.tasks import splits
from rhelbench.tasks.store import load


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("--task", required=True, help="a prepared task")
    parser.add_argument("--kind", required=True, help=f"one of {', '.join(splits.KINDS)}")
    parser.add_argument("--seed", action="append", type=at_least(0), required=True, help="a run's seed; may be repeated")
    parser.add_argument("--data", default="data", help="folder of archives and prepared tasks (default: data)")
    parser.add_argument("--out", type=Path, required=True, help="JSON file: seed to digest and ids per part")


def run(args: argparse.Namespace) -> int:
    """Compute the splits and write them to one file.

    Raises:
        UserError: the task is not prepared, or the kind is unknown.
    """
    prepared = load(args.task, args.data)
    record = {}
    for seed in args.seed:
        drawn = splits.split(prepared, args.kind, seed)
        record[seed] = {"digest": drawn.digest, **splits.to_ids(prepared, drawn)}
    write_atomically(args.out, json.dumps({"task": args.task, "kind": args.kind, "seeds": record}, indent=1) + "\n")
    print(f"{args.task}: splits of {len(record)} seeds in {args.out}")
    return 0
