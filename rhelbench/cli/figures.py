"""``python -m rhelbench figures``: draw every figure that is a function of tidy results."""

import argparse
from importlib import import_module
from pathlib import Path

from rhelbench.errors import unknown
from rhelbench.plotting import save
from rhelbench.stats import records, reported

#: Figures drawn from a folder of tidy results: file names in ``paper_figures/``.
FIGURES = ("learning_curves", "final_metric")


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--collected", required=True, type=Path, help="a folder with runs.csv and history.csv")
    parser.add_argument("--out", required=True, type=Path, help="the folder to write to")
    parser.add_argument("--only", nargs="+", default=list(FIGURES), metavar="NAME", help=f"of {', '.join(FIGURES)}")


def run(args: argparse.Namespace) -> int:
    """Write <name>.png, .svg and .json (the inputs' hashes) for every figure."""
    found = records.read(args.collected)
    for name in args.only:
        if name not in FIGURES:
            raise unknown("figure", name, list(FIGURES))
        script = import_module(f"paper_figures.{name}")
        save(script.draw(found), args.out / name, [*found.files, reported.REPORTED], f"paper_figures/{name}.py")
    return 0
