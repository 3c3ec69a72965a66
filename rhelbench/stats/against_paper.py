"""Our cells against the paper's printed mean ± sd: Welch tests for difference and for equivalence."""

import numpy as np
import pandas as pd
from scipy import stats

from rhelbench.stats.configurations import summarise
from rhelbench.stats.equivalence import LEVEL, margin
from rhelbench.stats.runs import CONFIGURATION, Records

COLUMNS = [
    *CONFIGURATION, "metric", "n", "mean", "sd", "paper_n", "paper_mean", "paper_sd", "difference", "low", "high",
    "p_difference", "p_equivalence", "ours_inside", "paper_inside", "verdict",
]  # fmt: skip


def welch(ours: tuple[float, float, int], paper: tuple[float, float, int], m: float) -> tuple[float, float, float, float]:
    """Compare two means from their means, sample standard deviations and sizes.

    t = (x − y)/√(s_x²/n_x + s_y²/n_y) with Welch's degrees of freedom.

    Args:
        ours: mean, sd (n − 1) and n, at least 2.
        paper: likewise.
        m: equivalence margin.

    Returns:
        The 95 % interval of ours − paper, the two-sided p of a difference, the p of two one-sided tests within ±m; NaN without
        variance.
    """
    (x, s, n), (y, r, k) = ours, paper
    a, b = s**2 / n, r**2 / k
    if n < 2 or a + b == 0:
        return np.nan, np.nan, np.nan, np.nan
    error = np.sqrt(a + b)
    freedom = (a + b) ** 2 / (a**2 / (n - 1) + b**2 / (k - 1))
    half = stats.t.ppf(1 - LEVEL / 2, freedom) * error
    p = float(stats.ttest_ind_from_stats(x, s, n, y, r, k, equal_var=False).pvalue)
    sides = stats.t.sf([(x - y + m) / error, (m - x + y) / error], freedom)
    return x - y - half, x - y + half, p, float(max(sides))


def compare(records: Records, paper: pd.DataFrame) -> pd.DataFrame:
    """Compare every cell that the paper prints and that has an ended run.

    Args:
        records: tidy results.
        paper: the printed cells: task, model, algorithm, metric, mean, sd, n.

    The paper's ± is the population standard deviation: it is multiplied by √(n/(n − 1)) first, as ours is.

    Returns:
        One row per cell: difference with interval and p values, whether our mean lies in the paper's mean ± sd and the paper's
        in ours, and a verdict: ``equivalent``, ``different``, ``inconclusive`` or, below two seeds, ``too few``. p values are
        unadjusted: each cell is a replication of its own.
    """
    paper = paper.rename(columns={"mean": "paper_mean", "sd": "paper_sd", "n": "paper_n"})
    table = summarise(records).merge(paper, on=["task", "model", "algorithm", "metric"])
    rows = []
    for cell in table[table.n > 0].to_dict("records"):
        n, k = int(cell["n"]), int(cell["paper_n"])
        up = np.sqrt(n / (n - 1)) if n > 1 else np.nan
        m = margin(cell["metric"], cell["paper_mean"])
        ours, theirs = (cell["mean"], cell["sd"] * up, n), (cell["paper_mean"], cell["paper_sd"] * np.sqrt(k / (k - 1)), k)
        low, high, p_difference, p_equivalence = welch(ours, theirs, m)
        difference = cell["mean"] - cell["paper_mean"]
        if n < 2:
            outcome = "too few"
        elif p_equivalence <= LEVEL:
            outcome = "equivalent"
        else:
            outcome = "different" if p_difference <= LEVEL else "inconclusive"
        inside = {"ours_inside": abs(difference) <= cell["paper_sd"], "paper_inside": abs(difference) <= cell["sd"]}
        values = {"difference": difference, "low": low, "high": high, "p_difference": p_difference}
        rows.append({**cell, **values, "p_equivalence": p_equivalence, **inside, "verdict": outcome})
    return pd.DataFrame(rows, columns=COLUMNS)
