"""``python -m rhelbench wandb_sync``: upload finished runs that were not sent live; repeating it is safe."""

import argparse
import importlib.util
from pathlib import Path

from rhelbench.errors import not_installed
from rhelbench.wandb import upload


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--results", type=Path, default=Path("results/runs"), help="where the records are")
    parser.add_argument("--scratch", type=Path, default=Path("scratch"), help="where wandb's files are")


def run(args: argparse.Namespace) -> int:
    """Upload; print the number of files.

    Raises:
        UserError: wandb is not installed.
    """
    if importlib.util.find_spec("wandb") is None:
        raise not_installed("wandb", "wandb")
    now, before = upload.sync(args.results, args.scratch)
    print(f"wandb: uploaded {now} files of finished runs; {before} had been uploaded before")
    return 0
