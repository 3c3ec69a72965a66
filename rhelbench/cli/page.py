"""``python -m rhelbench page``: one static page of claims, tables and figures, with the claims as Markdown."""

import argparse
from pathlib import Path

from rhelbench.errors import UserError
from rhelbench.records import collected
from rhelbench.report import page, write

BESIDE = ("claims.md", "deviations.md")


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--collected", required=True, type=Path, help="a folder that `collect` or `publish` wrote")
    parser.add_argument("--claims", required=True, type=Path, help="the folder that the command claims wrote to")
    parser.add_argument("--figures", required=True, type=Path, nargs="+", help="folders whose PNG files are shown")
    parser.add_argument("--out", type=Path, default=Path("results/index.html"), help="the page (%(default)s)")


def run(args: argparse.Namespace) -> int:
    """Write the page, which embeds its figures, and claims.md and deviations.md in its folder.

    Raises:
        UserError: the command ``claims`` has not run.
    """
    if not (args.claims / "claims.csv").exists():
        raise UserError(f"{args.claims} has no claims.csv: run `python -m rhelbench claims` with --out {args.claims} first.")
    write.write_text(args.out, page.render(collected.read(args.collected), args.claims, args.figures))
    for name in BESIDE:
        write.write_text(args.out.with_name(name), (args.claims / name).read_text(encoding="utf-8"))
    return 0
