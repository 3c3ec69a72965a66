"""``python -m rhelbench figures``: draw every figure that needs no study of its own."""

import argparse
from importlib import import_module
from pathlib import Path

from rhelbench.errors import unknown
from rhelbench.plotting import save
from rhelbench.stats import evidence, records, reported, write

#: Figures drawn from a folder of tidy results: file names in ``paper_figures/``.
FROM_RECORDS = ("learning_curves", "final_metric", "forest", "parity", "profile")
#: Figures drawn from the published benchmarks, from a short computation, or from nothing.
OTHERS = ("scaling", "gradient_norm", "fig3_leapfrog")


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    known = (*FROM_RECORDS, *OTHERS)
    parser.add_argument("--collected", required=True, type=Path, help="a folder with runs.csv and history.csv")
    parser.add_argument("--published", type=Path, default=Path("results/published"), help="benchmarks/ is read there")
    parser.add_argument("--out", required=True, type=Path, help="the folder to write to")
    parser.add_argument("--only", nargs="+", default=list(known), metavar="NAME", help=f"of {', '.join(known)}")


def run(args: argparse.Namespace) -> int:
    """Write <name>.png, .svg and .json (the inputs' hashes) for every figure."""
    found = records.read(args.collected)
    for name in args.only:
        if name not in (*FROM_RECORDS, *OTHERS):
            raise unknown("figure", name, [*FROM_RECORDS, *OTHERS])
        script, stem = import_module(f"paper_figures.{name}"), args.out / name
        inputs = [Path("paper_figures") / f"{name}.py"]
        if name in FROM_RECORDS:
            figure = script.draw(found)
            inputs += [*found.files, reported.REPORTED]
        elif name == "scaling":
            folder = args.published / evidence.BENCHMARKS
            figure = script.draw(script.read(folder))
            inputs += sorted(folder.glob("*.csv"))
        elif name == "gradient_norm":
            inputs.append(write.csv(stem.with_suffix(".csv"), data := script.compute()))
            figure = script.draw(data)
        else:
            figure = script.draw()
        save(figure, stem, inputs, f"paper_figures/{name}.py")
    return 0
