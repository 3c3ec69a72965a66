"""Verdicts on trained runs: RHEL against BPTT, baselines, frameworks, printed numbers."""

from collections.abc import Callable

import pandas as pd

from rhelbench.claims.evidence import Evidence
from rhelbench.claims.verdict import Judgement
from rhelbench.names import describe
from rhelbench.records import reported
from rhelbench.stats import noise
from rhelbench.stats.equivalence import LEVEL
from rhelbench.tasks import card, splits


def on_par(protocol: str | None) -> Callable[[Evidence], Judgement]:
    """Return the verdict function of the paper's tasks under one protocol, or (None) of all other tasks."""

    def judge(e: Evidence) -> Judgement:
        rows, of_paper = e.tables["pairs"], reported.order()
        chosen = rows.task.isin(of_paper) & (rows.protocol == protocol) if protocol else ~rows.task.isin(of_paper)
        rows = rows[chosen & (rows.n > 1)]
        if rows.empty:
            what = f"a task of the paper under protocol {protocol}" if protocol else "a task that is not the paper's"
            return Judgement("not measured", "no pair with two or more seeds", "", f"no runs on {what} yet")
        counts = rows.verdict.value_counts()
        cells, done = len(of_paper) * len(reported.read().model.unique()), len(rows.drop_duplicates(["task", "model"]))
        number = f"{done} of {cells} tasks and models, " if protocol else f"{', '.join(dict.fromkeys(rows.task))}: "
        number += f"{len(rows)} pairs: " + ", ".join(f"{count} {name}" for name, count in counts.items())
        empty = int((rows.informative == "no").sum())
        number += f"; {empty} on tasks where neither beats the majority by more than the margin" if empty else ""
        evidence = "paired by seed: two one-sided t tests, Holm over the matrix"
        if (rows.verdict == "different").any():
            names = "; ".join(map(describe, rows[rows.verdict == "different"].itertuples()))
            return Judgement("not reproduced", number, evidence, f"differs: {names}")
        settled = rows.verdict.isin(["equivalent", "identical"])
        if not settled.all():
            return Judgement("inconclusive", number, evidence, _power(rows[~settled]))
        if not (rows.informative == "yes").any():
            return Judgement(
                "inconclusive", number, evidence, "they agree, but on no task is either known to be better than chance"
            )
        if protocol and done < cells:
            return Judgement(
                "inconclusive", number, evidence, f"agreement on what was run; {cells - done} tasks and models not run"
            )
        return Judgement("reproduced", number, evidence)

    return judge


def _power(rows: pd.DataFrame) -> str:
    rows = rows[rows.power.notna()]
    if rows.empty:
        return "a constant difference in all seeds, to which no test applies"
    needed = rows.seeds_needed.dropna()
    most = f"{int(needed.max())}" if len(needed) == len(rows) else "more than 1000"
    return f"power of the equivalence test {rows.power.min():.2f} to {rows.power.max():.2f}; {most} seeds would decide every pair"


def memory_needed(of_paper: bool) -> Callable[[Evidence], Judgement]:
    """Return the verdict function: the recurrent model beats the one without memory, on the paper's or other tasks."""

    def judge(e: Evidence) -> Judgement:
        rows = e.tables["skill"]
        chosen = rows.task.isin(reported.order()) == of_paper
        rows = rows[(rows.baseline == "memoryless") & chosen & (rows.n > 1)]
        if rows.empty:
            which = "a task of the paper" if of_paper else "a task that is not the paper's"
            return Judgement("not measured", "", "", f"no memoryless baseline with two or more seeds on {which}")
        number = f"better than the memoryless model in {int(rows.better.sum())} of {len(rows)} cells"
        evidence = f"95 % paired t intervals; {', '.join(dict.fromkeys(rows.task))}"
        if rows.better.all():
            return Judgement("reproduced", number, evidence)
        worse = rows[rows.high < 0]
        if len(worse):
            names = "; ".join(map(describe, worse.itertuples()))
            return Judgement("not reproduced", number, evidence, f"worse than the memoryless model: {names}")
        wide = ((rows.high - rows.low) / 2).dropna()
        reach = f"{wide.median():.3f}" if len(wide) else "unknown: the gains do not vary"
        verdict = "inconclusive" if rows.better.any() else "not reproduced"
        return Judgement(verdict, number, evidence, f"median half-width of the gain's interval {reach}")

    return judge


def frameworks_agree(e: Evidence) -> Judgement:
    """JAX against PyTorch on equal seeds, against the noise floor of perturbed initial values."""
    rows = e.tables["frameworks"]
    if rows.empty:
        return Judgement("not measured", "", "", "no cell has been run in both frameworks")
    rows = noise.decisive_rows(rows)
    counts = rows.verdict.value_counts()
    number = f"{len(rows)} cells: " + ", ".join(f"{count} {name}" for name, count in counts.items())
    names = [noise.SOURCES[source] for source in noise.SOURCES if (rows.source == source).any()]
    evidence = f"F tests, Holm over the cells, against the noise floor of {' or '.join(names)}" if names else "equal seeds"
    if (rows.verdict == "beyond").any():
        beyond = "; ".join(map(describe, rows[rows.verdict == "beyond"].itertuples()))
        return Judgement("not reproduced", number, evidence, f"beyond the floor: {beyond}")
    if rows.verdict.isin(["within", "identical"]).all():
        return Judgement("reproduced", number, evidence)
    return Judgement("inconclusive", number, evidence, "no floor has been measured for some cells")


def possible_counts(e: Evidence) -> Judgement:
    """Whether the printed numbers are possible, and their spread matches random splits."""
    rows = e.tables["consistency"]
    narrow = rows[rows.p_narrow <= LEVEL / len(rows)]
    number = f"{int((rows.solutions > 0).sum())} of {len(rows)} means and spreads are possible counts"
    evidence = f"test sizes {', '.join(str(splits.held_out(card.load(task))) for task in reported.order('accuracy'))}"
    if (rows.solutions == 0).any():
        return Judgement("not reproduced", number, evidence, "some printed number is no possible count")
    if len(narrow):
        names = "; ".join(map(describe, narrow.itertuples()))
        number += f"; {len(narrow)} spread less than independent errors allow"
        return Judgement("inconclusive", number, evidence, f"spread too small (Bonferroni, one-sided): {names}")
    return Judgement("reproduced", number, evidence)
