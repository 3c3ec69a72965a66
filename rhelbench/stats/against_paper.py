"""Our configurations against the paper's printed mean ± sd: Welch tests for difference and equivalence."""

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
        ours: mean, sd (n − 1) and n, at least 2, in the metric's unit.
        paper: likewise.
        m: equivalence margin, in the metric's unit.

    Returns:
        Low and high end of the 95 % interval of ours − paper; two-sided p of a difference; p of two one-sided
        tests within ±m. All are NaN without variance.

    Source:
        Welch 1947; Schuirmann 1987.

    Example:
        >>> low, high, p_difference, p_equivalence = welch((0.70, 0.02, 5), (0.71, 0.02, 5), 0.05)
        >>> bool(low < -0.01 < high), p_difference > 0.05, p_equivalence < 0.05
        (True, True, True)
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
    """Compare every configuration that the paper prints and that has a finished run.

    The paper's ± is the population standard deviation. It is first multiplied by √(n/(n − 1)), as ours is.

    Args:
        records: one row per run.
        paper: the paper's table: task, model, algorithm, metric, mean, sd, n.

    Returns:
        One row per configuration: difference with interval and p values, and a verdict. ``ours_inside``: our
        mean lies in the paper's mean ± sd; ``paper_inside`` the reverse. Verdicts: ``equivalent``,
        ``different``, ``inconclusive`` or, below two seeds, ``too few``. The p values are not adjusted, since
        each configuration is a separate replication.
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
