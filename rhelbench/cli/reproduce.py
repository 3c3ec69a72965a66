"""``python -m rhelbench reproduce``: retrain one published run and compare, or compare all own runs."""

import argparse
import json
import random
import shutil
import tempfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from tabulate import tabulate

from rhelbench import BENCHMARK_VERSION
from rhelbench.cli import threads
from rhelbench.cli.train import read_spec
from rhelbench.errors import UserError, unknown_name
from rhelbench.files import find, write_atomically
from rhelbench.records import collected, io, published
from rhelbench.records.reproduce import REPRODUCED, VERDICTS, Spread, compare, compare_folders, explain, verdicts
from rhelbench.spec import RunSpec
from rhelbench.stats import spread
from rhelbench.stats.equivalence import margin
from rhelbench.training import job, setup


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "run_id",
        nargs="?",
        help="which run; without it one of a prepared task and of this version is chosen at random, from a CPU where no GPU is",
    )
    which.add_argument("--results", type=Path, help="train nothing; compare every ended run in this folder (results/runs)")
    parser.add_argument("--published", type=Path, default=find(Path("results/published")), help="where the published records are")
    parser.add_argument("--data", type=Path, default=Path("data"), help="folder of prepared tasks")
    parser.add_argument(
        "--scratch", type=Path, default=Path("scratch"), help="where checkpoints go; an interrupted check resumes"
    )
    threads.add(parser)
    parser.add_argument("--out", type=Path, help="also write the comparison there, as CSV")


def _comes_out_here(run: io.Run) -> bool:
    """Return whether the run is from a CPU, or this host has a GPU: dropout masks depend on the device."""
    return bool(shutil.which("nvidia-smi")) or run.record["provenance"].get("peak_device_bytes") is None


def _spec(run: io.Run) -> RunSpec:
    return read_spec(json.dumps(run.record["result"]["spec"]))


def _draw(folder: Path, known: dict[str, io.Run], data: Path) -> str:
    """Return one published run at random among those that can be trained here."""
    specs = {name: _spec(run) for name, run in known.items()}
    now = {name: spec for name, spec in specs.items() if spec.benchmark == BENCHMARK_VERSION}
    if not now:
        raise UserError(f"No record in {folder} is of version {BENCHMARK_VERSION}; name a run, and take the code of its version.")
    tasks = {spec.task: spec for spec in now.values()}
    ready = {task for task, spec in tasks.items() if _is_prepared(spec, data)}
    names = [name for name, spec in now.items() if spec.task in ready]
    if not names:
        raise UserError(
            f"No task with published runs is prepared in {data}: run `python -m rhelbench prepare --data {data} --task TASK`, "
            f"TASK being one of {', '.join(sorted(tasks))}."
        )
    return random.SystemRandom().choice([name for name in names if _comes_out_here(known[name])] or names)


def _is_prepared(spec: RunSpec, data: Path) -> bool:
    try:
        setup.check(spec, data)
    except UserError:
        return False
    return True


def _all(args: argparse.Namespace) -> int:
    table = compare_folders(args.published, args.results, _spreads(args.published))
    if table.empty:
        raise UserError(f"No run in {args.results} has ended and is published in {args.published}, too; train one first.")
    found = verdicts(table)
    print(tabulate(found.to_numpy(), headers=list(found.columns), floatfmt=".6g"))
    print(f"{len(table)} runs: " + ", ".join(f"{(table.verdict == name).sum()} {name}" for name in VERDICTS) + ".")
    if args.out:
        write_atomically(args.out, table.to_csv(index=False))
    return int(not table.verdict.isin(REPRODUCED).all())


def _spreads(folder: Path) -> Callable[[str], list[Spread]]:
    """Return a function from a published run to its configuration's spreads; empty without a published table."""
    known = collected.read(folder) if (folder / "runs.csv").exists() else None
    return lambda run_id: [] if known is None else spread.measured_spreads(known, run_id)


def run(args: argparse.Namespace) -> int:
    """Print the comparison.

    Returns:
        0; 1 if a run differs by more than equal runs may; 128 + n after signal n.

    Raises:
        UserError: no published run, an unknown run, or training failed.
    """
    if args.results:
        return _all(args)
    known = published.read(args.published)
    if not known:
        raise UserError(f"No record in {args.published}; 'python -m rhelbench publish' puts them there.")
    run_id = args.run_id or _draw(args.published, known, args.data)
    if run_id not in known:
        raise unknown_name("published run", run_id, list(known))
    before, spec = known[run_id].record, _spec(known[run_id])
    took = timedelta(seconds=round(before["provenance"]["seconds"]["total"]))
    print(
        f"{run_id}: training it again ({took} when it was published); to repeat this: python -m rhelbench reproduce {run_id}",
        flush=True,
    )
    threads.apply(args.threads or before["provenance"].get("threads"), "train", spec.task)
    setup.configure_process(spec.framework)
    corner = args.scratch / "reproduce"
    with tempfile.TemporaryDirectory() as own:
        status = job.run(spec, args.data, Path(own), corner)
        again = io.read(Path(own) / run_id)
    if status or again is None:
        return status
    if again["result"]["status"] == "failed":
        raise UserError(f"{run_id}: training it again failed ({again['result']['error']}); correct the cause and repeat it.")
    shutil.rmtree(corner / run_id)
    spreads = _spreads(args.published)(run_id)
    verdict, table = compare(before, again, spreads)
    print(tabulate(table.to_numpy(), headers=list(table.columns), maxcolwidths=[None, None, 40, 40, None]))
    allowed = margin(before["result"]["metric"], before["result"]["value"] or 1.0)
    print(f"{run_id}: {verdict}: {explain(before, again, verdict, table, spreads, allowed)}")
    if args.out:
        write_atomically(args.out, table.to_csv(index=False))
    return int(verdict not in REPRODUCED)
