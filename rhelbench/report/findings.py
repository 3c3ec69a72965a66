"""Findings in three sentences for the README, with numbers and evidence from results/published."""

import json
from pathlib import Path
from typing import Any

import pandas as pd

from rhelbench.records import reported
from rhelbench.registry import MODELS
from rhelbench.stats import pairs, skill
from rhelbench.stats.runs import Records

#: Tasks of rhelbench/tasks/generators: family and length.
MEMORY = r"^(?:order|delay|product)-\d+$"
NOT_LEARNED = "neither is known to beat the majority baseline by more than the margin"


def gradient(folder: Path) -> str:
    """Return the sentence on RHEL's float64 gradient error against BPTT's, from the parity tests."""
    parity: dict[str, Any] = json.loads((folder / "parity.json").read_text(encoding="utf-8"))
    worst = {
        unit: max(parity[name]["levels"][f"echo {unit}"]["worst"] for name in ("jax", "torch"))
        for unit in ("linear", "nonlinear")
    }
    holds = all(level["passed"] for framework in parity.values() for level in framework["levels"].values())
    verdict = "RHEL gives that of BPTT" if holds else "RHEL departs from BPTT"
    return (
        f"The gradient: **{verdict}**. In float64, over one real sample's length, RHEL's gradient of every parameter is BPTT's "
        f"to {worst['linear']:.0e} (linear) and {worst['nonlinear']:.0e} (nonlinear, δ included), relative, in both frameworks "
        "([parity.json](results/published/parity.json))."
    )


def headline(table: pd.DataFrame) -> str:
    """Return a summary of pairs.

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
        return "No verdict yet" + (f", and {NOT_LEARNED}" if guesses else "")
    return "RHEL trains to what BPTT trains to" if learned else f"RHEL and BPTT agree, but {NOT_LEARNED}"


def beaten(records: Records, table: pd.DataFrame) -> str:
    """Return in how many configurations of these pairs the baselines are beaten.

    Args:
        records: one row per run.
        table: rows of ``pairs.compare``.
    """
    gains = skill.table(records).merge(table[pairs.GROUP], on=pairs.GROUP)
    known = [f"`{name}` in {int(part.better.sum())} of {len(part)} cells" for name, part in gains.groupby("baseline")]
    return f"Known to be better than {' and '.join(known)}" if known else "No baseline has been run"


def sentences(records: Records) -> str:
    """Return the three sentences as a numbered list: the gradient, the paper's tasks, the memory tasks."""
    table = pairs.compare(records)
    parts = {
        "tests": table[table.task.isin(reported.order()) & (table.protocol == "released")],
        "memory": table[table.task.str.contains(MEMORY)],
    }
    text = {}
    for name, part in parts.items():
        found: dict[str, dict[str, list[str]]] = {}
        for (task, model), own in part.groupby(["task", "model"], sort=False):
            found.setdefault(headline(own), {}).setdefault(str(task), []).append(MODELS[str(model)].label)
        said = "; ".join(
            f"**{words}** on " + ", ".join(f"{task} ({', '.join(models)})" for task, models in tasks.items())
            for words, tasks in sorted(found.items(), reverse=True)  # trained tasks first, those without verdict last
        )
        text[name] = f"{said or f'**{headline(part)}**'}. {beaten(records, part)}"
    return (
        f"1. {gradient(records.folder)}\n"
        f"2. The paper's tasks: {text['tests']} (differences: second table below).\n"
        f"3. Tasks on which memory is provably needed: {text['memory']} "
        "([differences and power](docs/memory-tasks.md#what-is-found)).\n"
    )
