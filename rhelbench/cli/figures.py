"""``python -m rhelbench figures``: draw figures from collected and published files."""

import argparse
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pandas as pd

from rhelbench.claims import evidence
from rhelbench.errors import UserError, check_names
from rhelbench.files import find
from rhelbench.plotting import save
from rhelbench.records import collected, reported, tidy
from rhelbench.registry import FIGURES
from rhelbench.stats.runs import Records


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--collected", required=True, type=Path, help="a folder that `collect` or `publish` wrote")
    parser.add_argument(
        "--published",
        type=Path,
        default=find(Path("results/published")),
        help="benchmarks/, static/ and the figures' own matrices are read there",
    )
    parser.add_argument("--out", required=True, type=Path, help="the folder to write to")
    parser.add_argument("--only", nargs="+", default=list(FIGURES), metavar="NAME", help=f"of {', '.join(FIGURES)}")


def run(args: argparse.Namespace) -> int:
    """Write <name>.png, .svg and .json (hashes of the inputs) for every figure.

    Raises:
        UserError: an unknown figure, or a missing file.
    """
    check_names("figure", args.only, list(FIGURES))
    found = collected.read(args.collected)
    for name in args.only:
        source = FIGURES[name]
        script, stem = import_module(f"paper_figures.{name}"), args.out / name
        inputs: list[Path] = []
        if source == "records":
            figure = script.draw(found)
            inputs += [*found.files, reported.REPORTED]
        elif source == "benchmarks":
            folder = args.published / evidence.BENCHMARKS
            figure = script.draw(script.read(folder))
            inputs += sorted(folder.glob("*.csv"))
        elif source == "published":
            given, files = read_published(script, args.published)
            figure = script.draw(*given)
            inputs += files
        else:
            figure = script.draw()
        save(figure, stem, inputs, Path(str(script.__file__)))
    return 0


def read_published(script: ModuleType, folder: Path) -> tuple[list[Records | pd.DataFrame], list[Path]]:
    """Read the inputs of a figure script: the matrices in its ``MATRICES``, then its ``TABLES``.

    Args:
        script: a module of ``paper_figures``.
        folder: ``results/published``.

    Returns:
        The inputs in order, and their files.

    Raises:
        UserError: a table is missing.
    """
    matrices = [collected.read(folder / matrix) for matrix in getattr(script, "MATRICES", ())]
    tables = [folder / evidence.STATIC / f"{table}.csv" for table in getattr(script, "TABLES", ())]
    return [*matrices, *map(_table, tables)], [*(file for matrix in matrices for file in matrix.files), *tables]


def _table(path: Path) -> pd.DataFrame:
    if not path.exists():
        raise UserError(f"{path} is missing: run `python -m rhelbench static --out {path.parent}` first.")
    return tidy.read(path)
