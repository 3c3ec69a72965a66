"""Consistency of the paper's printed accuracies: possible counts, and spread against random splits."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy import stats

#: Half a unit of the last printed digit (0.1 %), plus a rounding tolerance.
_HALF = 0.0005 + 1e-9


def totals(mean: float, size: int, seeds: int) -> list[int]:
    """Return every total of correct answers over all seeds that prints as this mean.

    Args:
        mean: printed accuracy, a fraction.
        size: test samples.
        seeds: number of seeds.

    Example:
        >>> totals(0.739, 62, 5)
        [229]
    """
    centre = round(mean * seeds * size)
    return [k for k in range(centre - seeds, centre + seeds + 1) if abs(k / (seeds * size) - mean) <= _HALF]


def counts(mean: float, sd: float, size: int, seeds: int = 5, most: int = 50) -> list[tuple[int, ...]]:
    """Return the sets of correct answers per seed that print as this mean and population sd.

    Args:
        mean: printed accuracy, a fraction.
        sd: printed population standard deviation, a fraction.
        size: test samples.
        seeds: number of seeds.
        most: largest number of sets to return.

    Returns:
        Sorted tuples of length ``seeds``.

    Example:
        >>> counts(0.739, 0.006, 62)
        [(45, 46, 46, 46, 46)]
    """
    found: list[tuple[int, ...]] = []
    for total in totals(mean, size, seeds):
        reach = int(np.ceil((sd + _HALF) * size * np.sqrt(seeds))) + 1
        low, high = max(0, total // seeds - reach), min(size, total // seeds + reach)
        centre = total / seeds
        limits = (seeds * (size * max(0.0, sd - _HALF)) ** 2, seeds * (size * (sd + _HALF)) ** 2)
        _extend((), total, (low, high), seeds, centre, limits, found, most)
    return found


def _extend(
    chosen: tuple[int, ...], rest: int, span: tuple[int, int], seeds: int, centre: float,
    limits: tuple[float, float], found: list[tuple[int, ...]], most: int,
) -> None:  # fmt: skip
    """Extend a non-decreasing tuple of counts while its squared deviations stay below the upper limit."""
    if len(found) >= most:
        return
    if len(chosen) == seeds - 1:
        whole = (*chosen, rest)
        squares = sum((x - centre) ** 2 for x in whole)
        if (not chosen or rest >= chosen[-1]) and rest <= span[1] and limits[0] <= squares <= limits[1] + 1e-9:
            found.append(whole)
        return
    left = seeds - len(chosen)
    for x in range(chosen[-1] if chosen else span[0], rest // left + 1):
        if sum((y - centre) ** 2 for y in (*chosen, x)) <= limits[1]:
            _extend((*chosen, x), rest - x, span, seeds, centre, limits, found, most)


def table(paper: pd.DataFrame, sizes: Mapping[str, int]) -> pd.DataFrame:
    """Check every printed accuracy against its task's number of test samples.

    The accuracy of a random split has sd √(p (1 − p)/size). If errors are independent,
    seeds · sd²/(p (1 − p)/size) follows χ² with seeds − 1 degrees of freedom.

    Args:
        paper: the paper's table: task, model, algorithm, metric, mean, sd, n.
        sizes: test samples by task.

    Returns:
        One row per printed accuracy. ``possible``: the mean is a multiple of 1/(seeds · size) to the printed
        digit. ``solutions``: number of sets of counts that print as mean and sd, with an example.
        ``binomial_sd``; ``p_narrow`` and ``p_wide``: probability of a spread at most, or at least, as large.
    """
    rows = []
    for row in paper[(paper.metric == "accuracy") & (paper.task != "average")].to_dict("records"):
        size, n = sizes[row["task"]], int(row["n"])
        sets = counts(row["mean"], row["sd"], size, n)
        binomial = float(np.sqrt(row["mean"] * (1 - row["mean"]) / size))
        ratio = n * (row["sd"] / binomial) ** 2
        rows.append(
            {
                **{name: row[name] for name in ("task", "model", "algorithm", "mean", "sd")},
                "size": size, "possible": bool(totals(row["mean"], size, n)), "solutions": len(sets),
                "example": " ".join(map(str, sets[0])) if sets else "", "binomial_sd": binomial,
                "p_narrow": float(stats.chi2.cdf(ratio, n - 1)), "p_wide": float(stats.chi2.sf(ratio, n - 1)),
            }
        )  # fmt: skip
    return pd.DataFrame(rows)
