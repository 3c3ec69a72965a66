"""``python -m rhelbench tables``: the paper's tables from collected results."""

import argparse
from pathlib import Path

from rhelbench.files import write_csv
from rhelbench.records import collected
from rhelbench.report import summary, tables, write
from rhelbench.stats.configurations import summarise


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--collected", required=True, type=Path, help="a folder that `collect` or `publish` wrote")
    parser.add_argument("--out", required=True, type=Path, help="the folder to write to")


def run(args: argparse.Namespace) -> int:
    """Write table1 and table2 (csv, md, tex), summary.csv and summary.txt."""
    found = collected.read(args.collected)
    write.write_table(args.out / "table1", tables.build(found, "accuracy"))
    write.write_table(args.out / "table2", tables.build(found, "mse"))
    write_csv(args.out / "summary.csv", summarise(found))
    write.write_text(args.out / "summary.txt", summary.terminal(found))
    return 0
