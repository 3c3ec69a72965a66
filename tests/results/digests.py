"""SHA-256 of every table of the published matrix; `python -m tests.results.digests` writes tables.sha256 anew.

These are the tables that follow from the published runs and the paper's numbers alone. Other tables of ``statistics/`` are copies
of committed files (parity, design, calibration, deviation_rounding), or measured anew each time (deviations, deviation_factors).
"""

import tempfile
from pathlib import Path

from rhelbench.claims import deviations
from rhelbench.claims.evidence import statistics
from rhelbench.cli import main
from rhelbench.files import write_atomically, write_csv
from rhelbench.records import collected
from rhelbench.records.io import digest

PUBLISHED = Path("results/published")
FILE = Path(__file__).with_name("tables.sha256")


def make(folder: Path) -> dict[str, str]:
    """Write the tables to a folder and return the digest of each, by its path there."""
    assert main(["tables", "--collected", str(PUBLISHED), "--out", str(folder)]) == 0
    records = collected.read(PUBLISHED)
    tables = statistics(records) | {"deviation_metrics": deviations.metric_effects(records)}
    for name, table in tables.items():
        write_csv(folder / "statistics" / f"{name}.csv", table)
    return {path.relative_to(folder).as_posix(): digest(path.read_bytes()) for path in sorted(folder.rglob("*.csv"))}


def read() -> dict[str, str]:
    """Return the committed digests, by path."""
    lines = (line.split("  ", 1) for line in FILE.read_text().splitlines())
    return {path: found for found, path in lines}


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        lines = [f"{found}  {path}\n" for path, found in make(Path(temporary)).items()]
    write_atomically(FILE, "".join(lines))
