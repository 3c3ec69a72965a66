"""Evidence for verdicts: statistics of the records, the oracle's measurements, and published files."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from rhelbench.records import reported, tidy
from rhelbench.stats import against_paper, aggregate, consistency, noise, pairs, skill
from rhelbench.stats.runs import Records
from rhelbench.studies import single_unit
from rhelbench.tasks import card, splits

PARITY = Path("parity.json")
BENCHMARKS = Path("benchmarks")
STATIC = Path("static")


@dataclass(frozen=True)
class Evidence:
    """All evidence for the claims.

    Args:
        records: one row per run.
        measured: ``single_unit.measure_all()``.
        tables: statistics by name, the CSV files of statistics/: those of ``statistics``, parity, and the studies
            design and calibration.
        static: the published tables of the studies by name, if present.
        parity: the parity tests per framework, or None before ``verify --out``.
        benchmarks: rows of benchmarks/*.csv with a column ``file``, or None.
        files: all files read, for sidecars.
    """

    records: Records
    measured: dict[str, Any]
    tables: dict[str, pd.DataFrame]
    static: dict[str, pd.DataFrame]
    parity: dict[str, Any] | None
    benchmarks: pd.DataFrame | None
    files: list[Path]


def statistics(records: Records) -> dict[str, pd.DataFrame]:
    """Compute all tables of statistics; each becomes a CSV file of its name."""
    aggregates, profiles = aggregate.compare(records)
    paper = reported.read()
    return {
        "pairs": pairs.compare(records),
        "skill": skill.table(records),
        "paper": against_paper.compare(records, paper),
        "noise": noise.floors(records),
        "frameworks": noise.frameworks(records),
        "aggregates": aggregates,
        "profiles": profiles,
        "consistency": consistency.table(paper, {task: splits.held_out(card.load(task)) for task in reported.order("accuracy")}),
    }


def static(published: Path) -> dict[str, pd.DataFrame]:
    """Read the tables of the studies, static/*.csv, by name."""
    return {path.stem: tidy.read(path) for path in sorted((published / STATIC).glob("*.csv"))}


def parity(published: Path) -> dict[str, Any] | None:
    """Read parity.json: ``provenance`` and ``levels`` by framework, as written by ``verify --out``."""
    path = published / PARITY
    return json.loads(path.read_text()) if path.exists() else None


def levels(found: dict[str, Any] | None) -> pd.DataFrame:
    """Return the parity tests as a table; empty if not run.

    Columns framework, level, worst, allowed, passed, case, where, cases.
    """
    rows = [
        {"framework": framework, "level": level} | values
        for framework, one in (found or {}).items()
        for level, values in one["levels"].items()
    ]
    return pd.DataFrame(rows, columns=["framework", "level", "worst", "allowed", "passed", "case", "where", "cases"])


def gather(records: Records, published: Path, longest: int = single_unit.LONGEST) -> Evidence:
    """Compute the statistics, run the oracle's measurements, and read the files in ``published``.

    Args:
        records: one row per run.
        published: folder of parity.json, static/ and benchmarks/.
        longest: time steps of the long-sequence measurement.
    """
    paths = sorted((published / BENCHMARKS).glob("*.csv"))
    frames = [tidy.read(path).assign(file=path.name) for path in paths]
    benchmarks = pd.concat(frames, ignore_index=True) if frames else None
    tested = parity(published)
    files = [*records.files, *([published / PARITY] if tested else []), *paths, *sorted((published / STATIC).glob("*.csv"))]
    studies = static(published)
    shown = {name: studies[name] for name in ("design", "calibration") if name in studies}
    tables = statistics(records) | {"parity": levels(tested)} | shown
    return Evidence(records, single_unit.measure_all(longest), tables, studies, tested, benchmarks, files)
