"""``python -m rhelbench quote``: fill the blocks of README.md and docs/ with numbers from results/published."""

import argparse
from pathlib import Path

from rhelbench.stats import quote, records, write


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "--published", type=Path, default=Path("results/published"), help="a folder with runs.csv and history.csv"
    )


def run(args: argparse.Namespace) -> int:
    """Rewrite the files whose blocks have changed, and name them."""
    found = records.read(args.published)
    for path in quote.files(Path()):
        text = path.read_text(encoding="utf-8")
        filled = quote.fill(text, found)
        if filled != text:
            write.text(path, filled)
            print(f"{path}: filled from {args.published}")
    return 0
