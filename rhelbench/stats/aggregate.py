"""Aggregates over tasks: interquartile mean and performance profile, with a bootstrap stratified by task."""

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import trim_mean

from rhelbench.seeds.streams import generator
from rhelbench.stats.pairs import differences
from rhelbench.stats.runs import Records

Matrix = list[NDArray[np.float64]]
RESAMPLES = 2000
#: Thresholds of the performance profile, as accuracies.
TAUS = np.linspace(0, 1, 101)


def iqm(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the interquartile mean over the last axis: the mean of the middle half.

    Args:
        scores: (..., runs).

    Source:
        Agarwal et al., Deep reinforcement learning at the edge of the statistical precipice, NeurIPS 2021.

    Example:
        >>> float(iqm(np.array([0.0, 0.5, 0.7, 1.0])))
        0.6
    """
    return np.asarray(trim_mean(scores, 0.25, axis=-1))


def profile(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the fraction of scores above each threshold of ``TAUS``.

    Args:
        scores: accuracies (..., runs).

    Returns:
        Fractions (..., 101).
    """
    return (scores[..., None, :] > TAUS[:, None]).mean(-1)


def bootstrap(
    tasks: Matrix, statistic: Callable[[NDArray[np.float64]], NDArray[np.float64]], rng: np.random.Generator, resamples: int
) -> NDArray[np.float64]:
    """Resample runs within each task and evaluate the statistic on all runs.

    Args:
        tasks: scores per task, each (n_task,) or (n_task, sides). A row is resampled as a whole, for
            example both algorithms of a seed.
        statistic: maps (..., runs) to (...) or (..., values).
        rng: the only source of randomness.
        resamples: number of bootstrap samples.

    Returns:
        The statistic of every resample: (resamples, ...). If scores have sides, that axis comes second.
    """
    drawn = [scores[rng.integers(0, len(scores), (resamples, len(scores)))] for scores in tasks]
    runs = np.concatenate(drawn, 1)  # (resamples, runs[, sides])
    return statistic(np.moveaxis(runs, 1, -1))


def compare(records: Records) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Aggregate accuracy over tasks, for each model, framework and protocol with complete pairs.

    Args:
        records: one row per run.

    Returns:
        Two tables. Aggregates: per (model, framework, protocol) the interquartile mean of BPTT, of RHEL and of
        their difference, with 95 % bootstrap percentile intervals, paired by seed. Profiles: per algorithm and
        threshold tau the fraction of runs above it, with intervals.
    """
    runs = records.plain()
    runs = runs[(runs.metric == "accuracy") & runs.value.notna()]
    aggregates, profiles = [], []
    keys = ["model", "framework", "protocol"]
    for key, part in runs.groupby(keys, sort=True):
        name = dict(zip(keys, key, strict=True))
        pairs = {str(task): differences(group)[["bptt", "rhel"]].to_numpy(float) for task, group in part.groupby("task")}
        pairs = {task: scores for task, scores in pairs.items() if len(scores)}
        if not pairs:
            continue
        tasks = list(pairs.values())
        everything = np.concatenate(tasks).T  # (2, runs)
        rng = generator("bootstrap/" + "/".join(map(str, key)), "aggregate", 0, 0)
        draws = bootstrap(tasks, iqm, rng, RESAMPLES)  # (resamples, 2)
        draws = np.column_stack([draws, draws[:, 1] - draws[:, 0]])
        point = iqm(everything)
        point = np.append(point, point[1] - point[0])
        low, high = np.quantile(draws, (0.025, 0.975), axis=0)
        if all(len(scores) < 2 for scores in tasks):  # one seed per task: nothing to resample
            low, high = np.full_like(low, np.nan), np.full_like(high, np.nan)
        for place, what in enumerate(("bptt", "rhel", "difference")):
            entry = {"statistic": "interquartile mean", "of": what, "value": point[place], "low": low[place], "high": high[place]}
            aggregates.append(name | entry | {"tasks": len(tasks), "pairs": everything.shape[1]})
        curves = bootstrap(tasks, profile, rng, RESAMPLES // 10)  # (resamples, 2, taus)
        low, high = np.quantile(curves, (0.025, 0.975), axis=0)
        for place, what in enumerate(("bptt", "rhel")):
            values = {"tau": TAUS, "fraction": profile(everything[place]), "low": low[place], "high": high[place]}
            profiles.append(pd.DataFrame(name | {"algorithm": what} | values))
    columns = [*keys, "statistic", "of", "value", "low", "high", "tasks", "pairs"]
    empty = pd.DataFrame(columns=[*keys, "algorithm", "tau", "fraction", "low", "high"])
    return pd.DataFrame(aggregates, columns=columns), pd.concat(profiles, ignore_index=True) if profiles else empty
