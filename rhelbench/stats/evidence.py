"""What verdicts may rest on: statistics of the records, the oracle's measurements, and files other commands leave."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from rhelbench.stats import against_paper, aggregate, calibration, consistency, measured, noise, pairs, skill
from rhelbench.stats.records import Records

PARITY = Path("parity.json")
BENCHMARKS = Path("benchmarks")


@dataclass(frozen=True)
class Evidence:
    """Everything a claim is judged by.

    Args:
        records: tidy results.
        measured: ``measured.everything()``.
        tables: statistics by name: pairs, skill, paper, noise, frameworks, aggregates, profiles, consistency, power, calibration.
        parity: the parity ladder per framework, or None where ``verify --out`` has not been run.
        benchmarks: rows of benchmarks/*.csv with a column ``file``, or None.
        files: every file that was read, for sidecars.
    """

    records: Records
    measured: dict[str, Any]
    tables: dict[str, pd.DataFrame]
    parity: dict[str, Any] | None
    benchmarks: pd.DataFrame | None
    files: list[Path]


def statistics(records: Records) -> dict[str, pd.DataFrame]:
    """Compute every table of statistics; each becomes a CSV of the same name."""
    aggregates, profiles = aggregate.compare(records)
    return {
        "pairs": pairs.compare(records),
        "skill": skill.table(records),
        "paper": against_paper.compare(records),
        "noise": noise.floors(records),
        "frameworks": noise.frameworks(records),
        "aggregates": aggregates,
        "profiles": profiles,
        "consistency": consistency.table(),
        "power": calibration.published_design(),
        "calibration": calibration.table(),
    }


def gather(records: Records, published: Path, longest: int = measured.LONGEST) -> Evidence:
    """Compute the statistics, measure what the oracle can show, and read the files in ``published`` that exist."""
    parity = json.loads((published / PARITY).read_text()) if (published / PARITY).exists() else None
    paths = sorted((published / BENCHMARKS).glob("*.csv"))
    frames = [pd.read_csv(path).assign(file=path.name) for path in paths]
    benchmarks = pd.concat(frames, ignore_index=True) if frames else None
    files = [*records.files, *([published / PARITY] if parity else []), *paths]
    return Evidence(records, measured.everything(longest), statistics(records), parity, benchmarks, files)
