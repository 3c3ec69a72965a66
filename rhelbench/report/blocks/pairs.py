"""Blocks of the README and of docs/memory-tasks.md: RHEL − BPTT pair by pair, with verdict and power."""

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from rhelbench.names import LABELS
from rhelbench.records import reported
from rhelbench.registry import MODELS
from rhelbench.report import findings
from rhelbench.report.pages import interval
from rhelbench.report.write import markdown
from rhelbench.stats import pairs
from rhelbench.stats.equivalence import LEVEL
from rhelbench.stats.runs import Records

NOTE = (
    "RHEL − BPTT of equal seeds, mean and 95 % paired t interval, in points of accuracy or hundredths of the squared error. "
    f"Equivalent: two one-sided t tests at {LEVEL * 100:.0f} %, Holm-adjusted over all published pairs, against the margin: "
    "two points or a tenth of BPTT's error. Power: of that test by itself, were there no difference. Learned: is either "
    "algorithm better than `majority` by more than the margin? If not, the baseline might pass for equivalent, too."
)


def table(compared: pd.DataFrame) -> str:
    """Return pairs as a table and what its columns mean.

    Args:
        compared: rows of ``pairs.compare``.
    """
    rows = []
    for row in compared.to_dict("records"):
        scale = reported.SCALE[row["metric"]]
        rows.append(
            {
                "task": row["task"],
                "model": MODELS[row["model"]].label,
                "framework": LABELS[row["framework"]],
                "seeds": f"{row['n']}",
                "RHEL − BPTT": interval(row["mean"], row["low"], row["high"], row["metric"]),
                "margin": f"{scale * row['margin']:.1f}",
                "verdict": row["verdict"] + _more(row),
                "power": f"{row['power']:.2f}" if pd.notna(row["power"]) else "",
                "learned": row["informative"],
            }
        )
    return f"{markdown(pd.DataFrame(rows))}\n\n{NOTE}\n"


def _more(row: Mapping[Any, Any]) -> str:
    """Return what would decide an inconclusive pair: more seeds, or fewer other pairs beside it."""
    if row["verdict"] != "inconclusive":
        return ""
    if row["p_equivalence"] <= LEVEL:
        return "; equivalent by itself"
    return (
        f"; {row['seeds_needed']} seeds would decide" if pd.notna(row["seeds_needed"]) and row["seeds_needed"] > row["n"] else ""
    )


def of_paper(records: Records) -> str:
    """Return the pairs on the paper's tasks under its own protocol."""
    found = pairs.compare(records)
    return table(found[found.task.isin(reported.order()) & (found.protocol == "released")])


def memory(records: Records) -> str:
    """Return the pairs on the memory tasks."""
    found = pairs.compare(records)
    return table(found[found.task.str.contains(findings.MEMORY)])


#: Name of a block to what fills it.
BLOCKS: dict[str, Callable[[Records], str]] = {"pairs": of_paper, "memory_pairs": memory}
