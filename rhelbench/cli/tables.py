"""``python -m rhelbench tables``: the paper's tables from tidy results."""

import argparse
from pathlib import Path

from paper_figures import tab1_accuracy, tab2_mse
from rhelbench.stats import records, summary, write
from rhelbench.stats.cells import cells


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--collected", required=True, type=Path, help="a folder with runs.csv and history.csv")
    parser.add_argument("--out", required=True, type=Path, help="the folder to write to")


def run(args: argparse.Namespace) -> int:
    """Write table1 and table2 (csv, md, tex), summary.csv and summary.txt."""
    found = records.read(args.collected)
    write.table(args.out / "table1", tab1_accuracy.make(found))
    write.table(args.out / "table2", tab2_mse.make(found))
    write.csv(args.out / "summary.csv", cells(found))
    write.text(args.out / "summary.txt", summary.terminal(found))
    return 0
