"""RHEL − BPTT per pair, as printed; the only definition of the table's columns."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from rhelbench.names import LABELS
from rhelbench.records import reported
from rhelbench.registry import MODELS
from rhelbench.report.pages import interval
from rhelbench.stats.equivalence import LEVEL

MEANING = (
    "RHEL − BPTT of equal seeds: mean and 95 % paired t interval, in points of accuracy or hundredths of the squared error. "
    f"Equivalent: two one-sided t tests at {LEVEL * 100:.0f} %, Holm-adjusted over all pairs of the matrix, "
    "against the margin of two points or a tenth of BPTT's error. Power: of that test by itself, were there no difference. "
)


def printed(row: Mapping[Any, Any]) -> dict[str, str]:
    """Return every column of a pair, by heading.

    Args:
        row: of ``rhelbench.stats.pairs.compare``.
    """
    metric, tested = row["metric"], pd.notna(row["low"])
    scale = reported.SCALE[metric]
    return {
        "task": row["task"],
        "model": MODELS[row["model"]].label,
        "framework": LABELS[row["framework"]],
        "protocol": row["protocol"],
        "seeds": f"{row['n']} of {row['expected']}",
        "RHEL − BPTT": interval(row["mean"], row["low"], row["high"], metric),
        "margin": f"± {row['margin'] * scale:.1f}",
        "verdict": row["verdict"] + _remedy(row),
        "p equivalent": _p_value(row["p_equivalence_holm"]),
        "p sign flips": _p_value(row["p_flip"]),
        "p different": _p_value(row["p_difference_holm"]),
        "learned": row["informative"],
        "detectable": f"{row['detectable'] * scale:.1f}" if tested and pd.notna(row["detectable"]) else "",
        "power": f"{row['power']:.2f}" if pd.notna(row["power"]) else "",
        "seeds needed": _seeds_needed(row),
    }


def _remedy(row: Mapping[Any, Any]) -> str:
    """Return what would decide an inconclusive pair: more seeds, or fewer other pairs."""
    if row["verdict"] != "inconclusive":
        return ""
    if row["p_equivalence"] <= LEVEL:
        return "; equivalent by itself"
    needed = row["seeds_needed"]
    return f"; {needed} seeds would decide" if pd.notna(needed) and needed > row["n"] else ""


def _seeds_needed(row: Mapping[Any, Any]) -> str:
    if pd.isna(row["low"]):
        return ""
    return f"{int(row['seeds_needed'])}" if pd.notna(row["seeds_needed"]) else "more than 1,000"


def _p_value(value: float) -> str:
    return "" if pd.isna(value) else f"{value:.2g}"
