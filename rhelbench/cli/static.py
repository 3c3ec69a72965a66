"""``python -m rhelbench static``: compute the studies outside the matrix; only one of them trains a model."""

import argparse
import json
import platform
import time
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

from rhelbench import __version__
from rhelbench.cli import threads
from rhelbench.digest import closure_digest, implementations
from rhelbench.errors import check_names
from rhelbench.records import provenance
from rhelbench.registry import FRAMEWORKS, Framework
from rhelbench.studies import STUDIES

PACKAGES = ("numpy", "scipy", "pandas", "jax", "jaxlib", "diffrax", "torch", "torchdiffeq")


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    known = ", ".join(STUDIES)
    parser.add_argument("names", nargs="*", default=list(STUDIES), metavar="NAME", help=f"studies: {known}; default: all")
    parser.add_argument("--out", required=True, type=Path, help="the folder to write to")
    threads.add(parser)


def run(args: argparse.Namespace) -> int:
    """Write the tables of each study, and <name>.json: host, versions, digest of the code.

    Raises:
        UserError: an unknown study.
    """
    from rhelbench.files import write_csv
    from rhelbench.report import write

    check_names("study", args.names, list(STUDIES))
    threads.apply(args.threads, "study")
    for name in args.names:
        start = time.perf_counter()
        tables = import_module(STUDIES[name]).compute()
        for table, rows in tables.items():
            write_csv(args.out / f"{table}.csv", rows)
        facts = json.dumps(_facts(name, {table: len(rows) for table, rows in tables.items()}), indent=1, sort_keys=True)
        write.write_text(args.out / f"{name}.json", facts + "\n")
        print(f"{name}: {', '.join(f'{table}.csv' for table in tables)} in {args.out} ({time.perf_counter() - start:.0f} s)")
    return 0


def parts(entry: Framework) -> list[str]:
    """Return the modules of a framework that a study may use."""
    return [*filter(None, (entry.learner, entry.probe, entry.bench, entry.toy)), *implementations(entry.root)]


def code(name: str) -> str:
    """Return the digest of the code that a study's tables depend on: its own and every implementation's."""
    return closure_digest(STUDIES[name], *(part for entry in FRAMEWORKS.values() for part in parts(entry)))


def _facts(name: str, rows: dict[str, int]) -> dict[str, object]:
    """Return the origin of the numbers, without a time: equal code on an equal host gives equal bytes."""
    return {
        "study": name,
        "rows": rows,
        "code_digest": code(name),
        "cpu": provenance.processor(),
        "device": "cpu",
        "platform": platform.platform(),
        "versions": {"python": platform.python_version(), "rhelbench": __version__, **{p: version(p) for p in PACKAGES}},
    }
