"""``python -m rhelbench quote``: fill the blocks of README.md and docs/ with numbers from results/published."""

import argparse
from pathlib import Path

from rhelbench.errors import UserError
from rhelbench.files import find
from rhelbench.records import collected
from rhelbench.report import write
from rhelbench.report.blocks import fill


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "--published", type=Path, default=find(Path("results/published")), help="a folder that `collect` or `publish` wrote"
    )


def run(args: argparse.Namespace) -> int:
    """Rewrite the files whose blocks have changed; print their names.

    Raises:
        UserError: a published file is missing.
    """
    found = collected.read(args.published)
    before = {path: path.read_text(encoding="utf-8") for path in fill.files(Path())}
    try:
        after = {path: fill.fill(text, found) for path, text in before.items()}
    except FileNotFoundError as error:
        raise UserError(f"{error.filename} is missing: give a folder with all that is in results/published.") from error
    for path, text in after.items():
        if text != before[path]:
            write.write_text(path, text)
            print(f"{path}: filled from {args.published}")
    return 0
