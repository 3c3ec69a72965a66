"""``python -m rhelbench figures``: draw every figure that needs no study of its own."""

import argparse
from importlib import import_module
from pathlib import Path

from rhelbench.errors import unknown
from rhelbench.plotting import save
from rhelbench.registry import FIGURES
from rhelbench.stats import evidence, records, reported, write


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--collected", required=True, type=Path, help="a folder with runs.csv and history.csv")
    parser.add_argument("--published", type=Path, default=Path("results/published"), help="benchmarks/ is read there")
    parser.add_argument("--out", required=True, type=Path, help="the folder to write to")
    parser.add_argument("--only", nargs="+", default=list(FIGURES), metavar="NAME", help=f"of {', '.join(FIGURES)}")


def run(args: argparse.Namespace) -> int:
    """Write <name>.png, .svg and .json (the inputs' hashes) for every figure."""
    found = records.read(args.collected)
    for name in args.only:
        if name not in FIGURES:
            raise unknown("figure", name, list(FIGURES))
        source = FIGURES[name]
        script, stem = import_module(f"paper_figures.{name}"), args.out / name
        inputs = [Path("paper_figures") / f"{name}.py"]
        if source == "records":
            figure = script.draw(found)
            inputs += [*found.files, reported.REPORTED]
        elif source == "benchmarks":
            folder = args.published / evidence.BENCHMARKS
            figure = script.draw(script.read(folder))
            inputs += sorted(folder.glob("*.csv"))
        elif source == "computed":
            inputs.append(write.csv(stem.with_suffix(".csv"), data := script.compute()))
            figure = script.draw(data)
        else:
            figure = script.draw()
        save(figure, stem, inputs, f"paper_figures/{name}.py")
    return 0
