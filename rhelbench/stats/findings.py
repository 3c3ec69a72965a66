"""What was found, in three sentences for the README: each number comes from results/published, each ends in its evidence."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from rhelbench.registry import MODELS
from rhelbench.stats import pairs, reported, skill
from rhelbench.stats.equivalence import LEVEL
from rhelbench.stats.names import LABELS
from rhelbench.stats.pages import interval
from rhelbench.stats.records import Records

#: Tasks drawn by rhelbench/tasks/generators: family and length.
MEMORY = r"^(?:order|delay|product)-\d+$"


def gradient(folder: Path) -> str:
    """Say how far RHEL's gradient is from BPTT's in float64: the worst of both frameworks, from the parity ladder."""
    ladder: dict[str, Any] = json.loads((folder / "parity.json").read_text(encoding="utf-8"))
    worst = {
        unit: max(ladder[name]["levels"][f"echo {unit}"]["worst"] for name in ("jax", "torch"))
        for unit in ("linear", "nonlinear")
    }
    holds = all(level["passed"] for framework in ladder.values() for level in framework["levels"].values())
    verdict = "RHEL gives that of BPTT" if holds else "RHEL departs from BPTT"
    return (
        f"The gradient: **{verdict}**. In float64, over one real sample's length, RHEL's gradient of every parameter is BPTT's "
        f"to {worst['linear']:.0e} (linear) and {worst['nonlinear']:.0e} (nonlinear, δ included), relative, in both frameworks "
        "([parity.json](results/published/parity.json))."
    )


def headline(table: pd.DataFrame) -> str:
    """Sum up pairs of cells.

    Args:
        table: rows of ``pairs.compare``.
    """
    verdicts, learned = set(table.verdict), bool((table.informative == "yes").any())
    if "different" in verdicts:
        return "RHEL and BPTT differ"
    if table.empty:
        return "Nothing has been run"
    if not verdicts <= {"equivalent", "identical"}:
        guesses = bool((table.informative == "no").any()) and not learned
        return "No verdict yet" + (", and neither algorithm is known to beat the majority class" if guesses else "")
    return "RHEL trains to what BPTT trains to" if learned else "RHEL and BPTT agree, but neither beats the majority class"


def on_par(records: Records, table: pd.DataFrame) -> str:
    """Return RHEL − BPTT with 95 % intervals for each pair of cells, and in how many cells the baselines are beaten.

    Args:
        records: where the cells are from.
        table: rows of ``pairs.compare``.
    """
    lines: dict[str, list[str]] = {}
    for row in table.to_dict("records"):
        cell = f"{MODELS[row['model']].label} {LABELS[row['framework']]}"
        difference = interval(row["mean"], row["low"], row["high"], row["metric"])
        lines.setdefault(row["task"], []).append(f"{cell} {difference} (n = {row['n']}, {row['verdict']}{_more(row)})")
    gains = skill.table(records).merge(table[pairs.GROUP], on=pairs.GROUP)
    beaten = [f"`{name}` in {int(part.better.sum())} of {len(part)} cells" for name, part in gains.groupby("baseline")]
    unit = "points" if (table.metric == "accuracy").all() else "points (or hundredths of the squared error)"
    cells = "; ".join(f"{task}: {', '.join(own)}" for task, own in lines.items())
    return f"RHEL − BPTT in {unit}, 95 % intervals: {cells}. Known to be better than {' and '.join(beaten)}"


def _more(row: Mapping[Any, Any]) -> str:
    """Return what would decide an inconclusive pair: more seeds, or fewer other pairs beside it."""
    if row["verdict"] != "inconclusive":
        return ""
    if row["p_equivalence"] <= LEVEL:
        return "; equivalent by itself, not among all pairs compared"
    return (
        f"; {row['seeds_needed']} seeds would decide" if pd.notna(row["seeds_needed"]) and row["seeds_needed"] > row["n"] else ""
    )


def sentences(records: Records) -> str:
    """Return the three sentences as a numbered list: the gradient, the paper's tasks, tasks that need memory."""
    table = pairs.compare(records)
    parts = {
        "tests": table[table.task.isin(reported.order()) & (table.protocol == "released")],
        "memory": table[table.task.str.contains(MEMORY)],
    }
    text = {}
    for name, part in parts.items():
        found: dict[str, list[str]] = {}
        for task, own in part.groupby("task", sort=False):
            found.setdefault(headline(own), []).append(str(task))
        said = "; ".join(f"**{words}** on {', '.join(tasks)}" for words, tasks in found.items())
        text[name] = f"{said or f'**{headline(part)}**'}. {on_par(records, part)}"
    return (
        f"1. {gradient(records.folder)}\n"
        f"2. The paper's tasks: {text['tests']} ([records](results/published/runs.csv)).\n"
        f"3. Tasks on which memory is provably needed: {text['memory']} ([memory tasks](docs/memory-tasks.md)).\n"
    )
