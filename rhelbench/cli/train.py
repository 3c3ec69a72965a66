"""``python -m rhelbench train``: train or resume one run, or several runs that share a device."""

import argparse
import json
import sys
from pathlib import Path
from typing import get_args

from pydantic import ValidationError

from rhelbench.cli import devices, threads
from rhelbench.errors import UserError, invalid_value
from rhelbench.records import provenance
from rhelbench.registry import Packing
from rhelbench.spec import RunSpec
from rhelbench.training import job, seeds_per_job, setup


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "--spec", required=True, action="append", help="a spec.json, or the JSON itself; given again, these runs share one device"
    )
    ways = "how they share it: side by side, one after another in one process, or as one program over their seeds (JAX)"
    parser.add_argument("--packing", choices=get_args(Packing), default="processes", help=ways)
    devices.add(parser)
    threads.add(parser)
    parser.add_argument("--wait", action="store_true", help="wait for a process that already trains the run")
    parser.add_argument("--keep", action="store_true", help="keep a finished run's last checkpoint")
    parser.add_argument("--data", type=Path, default=Path("data"), help="folder of prepared tasks")
    parser.add_argument("--results", type=Path, default=Path("results/runs"), help="where records go")
    parser.add_argument("--scratch", type=Path, default=Path("scratch"), help="where checkpoints go")


def run(args: argparse.Namespace) -> int:
    """Train.

    Returns:
        0 for every regular end of the run; 128 + n after signal n.

    Raises:
        UserError: an invalid specification, or a missing task, framework or device.
    """
    devices.apply(args.device)
    if sentence := provenance.commit_unknown():
        print(f"rhelbench: {sentence}", file=sys.stderr)
    specs = [read_spec(text) for text in args.spec]
    at_once = len(specs) if args.packing != "sequential" else 1
    threads.apply(args.threads, "train", specs[0].task, at_once)
    if len(specs) > 1:
        return seeds_per_job.run(specs, args.data, args.results, args.scratch, args.packing, args.device)
    setup.configure_process(specs[0].framework)
    return job.run(specs[0], args.data, args.results, args.scratch, args.wait, args.keep, device=args.device)


def read_spec(text: str) -> RunSpec:
    """Read a specification from JSON or from a file.

    Args:
        text: the JSON, or the file's name.

    Raises:
        UserError: no such file, no JSON, or not a specification.
    """
    given, where = text, "--spec"
    if not text.lstrip().startswith("{"):
        where = text
        try:
            given = Path(text).read_text("utf-8")
        except OSError as error:
            raise UserError(f"--spec {text}: {error.strerror}; give a spec.json or its content.") from error
    try:
        return RunSpec.read(json.loads(given))
    except json.JSONDecodeError as error:
        raise UserError(f"{where} is no JSON ({error}); give a spec.json or its content.") from error
    except ValidationError as error:
        raise invalid_value(
            f"{where}: field", error, "`python -m rhelbench check --config FILE --spec RUN_ID` prints a valid one"
        ) from error
