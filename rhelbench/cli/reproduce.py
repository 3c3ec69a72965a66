"""``python -m rhelbench reproduce``: train one published run again and compare the records, or compare all of one's own."""

import argparse
import random
import shutil
import tempfile
from pathlib import Path

from tabulate import tabulate

from rhelbench import BENCHMARK_VERSION
from rhelbench.cli.train import read_spec
from rhelbench.errors import UserError, unknown
from rhelbench.protocol import job
from rhelbench.records import write
from rhelbench.records.files import write_atomically
from rhelbench.records.reproduce import VERDICTS, compare, compare_folders, verdicts


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "run_id", nargs="?", help="which run; without it one of this version is chosen at random, one from a CPU where no GPU is"
    )
    which.add_argument("--results", type=Path, help="train nothing; compare every ended run in this folder (results/runs)")
    parser.add_argument("--published", type=Path, default=Path("results/published"), help="where the published records are")
    parser.add_argument("--data", type=Path, default=Path("data"), help="folder of prepared tasks")
    parser.add_argument(
        "--scratch", type=Path, default=Path("scratch"), help="where checkpoints go; an interrupted check resumes"
    )
    parser.add_argument("--out", type=Path, help="also write the comparison there, as CSV")


def _comes_out_here(folder: Path) -> bool:
    """Return whether a run is from a CPU, or a GPU is here: dropout masks are another stream on each kind of device."""
    record = write.read(folder)
    return bool(shutil.which("nvidia-smi")) or record is None or record["provenance"].get("peak_device_bytes") is None


def _all(args: argparse.Namespace) -> int:
    table = compare_folders(args.published / "runs", args.results)
    if table.empty:
        raise UserError(f"No run in {args.results} has ended and is published in {args.published}, too; train one first.")
    found = verdicts(table)
    print(tabulate(found.to_numpy(), headers=list(found.columns), floatfmt=".6g"))
    print(f"{len(table)} runs: " + ", ".join(f"{(table.verdict == name).sum()} {name}" for name in VERDICTS) + ".")
    if args.out:
        write_atomically(args.out, table.to_csv(index=False))
    return int(table.verdict.isin(["different", "not comparable"]).any())


def run(args: argparse.Namespace) -> int:
    """Print the comparison; 1 if a run came out otherwise, 128 + n after signal n."""
    if args.results:
        return _all(args)
    folder = args.published / "runs"
    known = sorted(path.parent.name for path in folder.glob(f"*/{write.RECORD}"))
    if not known:
        raise UserError(f"No record in {folder}; 'python -m rhelbench publish' puts them there.")
    now = [name for name in known if read_spec(str(folder / name / "spec.json")).benchmark == BENCHMARK_VERSION]
    if not args.run_id and not now:
        raise UserError(f"No record in {folder} is of version {BENCHMARK_VERSION}; name a run, and take the code of its version.")
    run_id = args.run_id or random.SystemRandom().choice([name for name in now if _comes_out_here(folder / name)] or now)
    if run_id not in known:
        raise unknown("published run", run_id, known)
    print(f"{run_id}: training it again; to repeat this: python -m rhelbench reproduce {run_id}", flush=True)
    spec = read_spec(str(folder / run_id / "spec.json"))
    if spec.run_id != run_id:
        raise UserError(f"{folder / run_id}/spec.json is of run {spec.run_id}; restore the published folder.")
    with tempfile.TemporaryDirectory() as own:
        status = job.run(spec, args.data, Path(own), args.scratch / "reproduce")
        again = write.read(Path(own) / run_id)
    if status or again is None:
        return status
    if again["result"]["status"] == "failed":
        raise UserError(f"{run_id}: training it again failed ({again['result']['error']}); correct the cause and repeat it.")
    published = write.read(folder / run_id)
    assert published is not None, "it is listed because it is there"
    verdict, table = compare(published, again)
    print(tabulate(table.to_numpy(), headers=list(table.columns), maxcolwidths=[None, None, 40, 40, None]))
    print(f"{run_id}: {verdict}: {VERDICTS[verdict]}")
    if args.out:
        write_atomically(args.out, table.to_csv(index=False))
    return int(verdict in ("different", "not comparable"))
