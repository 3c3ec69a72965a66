"""Verdicts on the paper's Tables 1 and 2: our configurations against the printed ones."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from rhelbench.claims.evidence import Evidence
from rhelbench.claims.verdict import Judgement
from rhelbench.config import hyperparameters
from rhelbench.names import describe
from rhelbench.records import reported
from rhelbench.stats.equivalence import LEVEL
from rhelbench.stats.pairs import holm
from rhelbench.tasks import card


def judge_table(metric: str) -> Callable[[Evidence], Judgement]:
    """Return the verdict function of a table of the paper: our configurations against the printed ones."""

    def judge(e: Evidence) -> Judgement:
        paper = reported.read()
        cells = int(((paper.metric == metric) & (paper.task != "average")).sum())
        rows = e.tables["paper"]
        rows = rows[(rows.metric == metric) & (rows.protocol == "released")]
        tested = rows[rows.n > 1]
        if tested.empty:
            return Judgement("not testable here", f"0 of {cells} cells have two or more seeds", "", _cost(e, metric, cells))
        done = len(tested.drop_duplicates(["task", "model", "algorithm"]))
        p, q = holm(tested.p_difference), holm(tested.p_equivalence)
        differ, same = int((p <= LEVEL).sum()), int((q <= LEVEL).sum())
        inside = int(tested.ours_inside.sum())
        number = (
            f"{done} of {cells} cells run ({len(tested)} with frameworks apart): {differ} differ, {same} equivalent, "
            f"{inside} inside the paper's mean ± sd"
        )
        evidence = "protocol released; Welch tests, Holm over the cells"
        if differ:
            names = "; ".join(map(describe, tested[p <= LEVEL].itertuples()))
            return Judgement("not reproduced", number, evidence, f"differs: {names}")
        if same == len(tested) and done == cells:
            return Judgement("reproduced", number, evidence)
        reach = float((tested.high - tested.low).median() / 2) * reported.SCALE[metric]
        left = f"{cells - done} cells not run; " if done < cells else ""
        return Judgement("inconclusive", number, evidence, f"{left}median 95 % half-width {reach:.1f} {_unit(metric)}")

    return judge


def _cost(e: Evidence, metric: str, cells: int) -> str:
    """Return a sentence on the cost of the runs, from the measured time of an optimiser step at their length."""
    steps, tasks = hyperparameters.read_hyperparameters()["common"]["steps"], reported.order(metric)
    each = cells // len(tasks) * int(reported.read().n.max())
    runs = f"{each * len(tasks)} runs of up to {steps:,} steps"
    rows = e.benchmarks if e.benchmarks is not None else pd.DataFrame()
    known = {"length", "step_ms"} <= set(rows.columns)
    medians = [float(rows.step_ms[rows.length == card.load(task).length].median()) for task in tasks] if known else [np.nan]
    if np.isnan(medians).any():
        return f"{runs}; the time of a step at that length: not measured"
    return f"{runs}: up to {sum(medians) * each * steps / 3.6e6:,.0f} hours at the measured times of a step"


def _unit(metric: str) -> str:
    return "points" if metric == "accuracy" else "x 0.01"
