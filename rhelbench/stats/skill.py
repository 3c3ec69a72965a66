"""Skill of a model: paired against the majority baseline and against the model without memory."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from rhelbench.registry import MODELS
from rhelbench.stats.configurations import summarise
from rhelbench.stats.equivalence import LEVEL, margin, paired_tests, sign_flip_test
from rhelbench.stats.runs import CONFIGURATION, Records

BASELINES = ("majority", "memoryless")


def table(records: Records) -> pd.DataFrame:
    """Compare every trained configuration with both baselines of its task and protocol, paired by seed.

    skill = (accuracy − baseline)/(1 − baseline), or 1 − MSE/baseline. A positive gain means better.

    Args:
        records: one row per run.

    Returns:
        One row per configuration and available baseline: gain in the metric's unit, its 95 % paired t
        interval, skill, n. ``better``: the interval is above 0. ``beyond``: it is above the equivalence margin.
    """
    runs = records.plain()
    rows = []
    for cell in summarise(records).to_dict("records"):
        own = runs[(runs[CONFIGURATION] == pd.Series({name: cell[name] for name in CONFIGURATION})).all(axis=1)].set_index("seed")
        for name in BASELINES:
            where = (runs.task == cell["task"]) & (runs.protocol == cell["protocol"]) & (runs.model == name)
            if name == "memoryless" and (where & (runs.framework == cell["framework"])).any():
                where &= runs.framework == cell["framework"]
            base = runs[where].dropna(subset=["value"]).drop_duplicates("seed").set_index("seed")
            both = pd.concat([own.value, base.value], axis=1, keys=["own", "base"], join="inner").dropna()
            if both.empty or not MODELS[cell["model"]].trained or cell["model"] == name:
                continue
            gains = (1 if cell["metric"] == "accuracy" else -1) * (both.own - both.base).to_numpy(float)
            own_mean, base_mean = float(both.own.mean()), float(both.base.mean())
            room = margin(str(cell["metric"]), own_mean)
            result = paired_tests(gains, room)
            if cell["metric"] == "accuracy":
                value = (own_mean - base_mean) / (1 - base_mean) if base_mean < 1 else np.nan
            else:
                value = 1 - own_mean / base_mean
            certain = result.low > 0 if result.sd else _more(own.loc[both.index], base.loc[both.index], gains)
            beyond = result.low > room if result.sd else certain and result.mean > room
            entry = {name: cell[name] for name in CONFIGURATION} | {"metric": cell["metric"], "baseline": name, "n": result.n}
            rows.append(
                entry
                | {"gain": result.mean, "low": result.low, "high": result.high, "skill": value}
                | {"better": bool(certain), "beyond": bool(beyond)}
            )
    columns = [*CONFIGURATION, "metric", "baseline", "n", "gain", "low", "high", "skill", "better", "beyond"]
    return pd.DataFrame(rows, columns=columns)


def _more(own: pd.DataFrame, base: pd.DataFrame, gains: NDArray[np.float64]) -> bool:
    """Return whether constant gains, whose t interval is undefined, are significant.

    Fisher's exact test on the answers of all seeds, one-sided; exact sign flips if there are no counts.
    """
    counts = [
        (int(runs.correct.sum()), int((runs.total - runs.correct).sum())) for runs in (own, base) if runs.total.notna().all()
    ]
    if len(counts) < 2:
        return bool(sign_flip_test(gains) <= LEVEL)
    _, p = stats.fisher_exact(counts, "greater")
    return bool(np.asarray(p) <= LEVEL)


def informative(records: Records) -> dict[tuple[str, ...], str]:
    """Return whether agreement of RHEL and BPTT is informative, by (task, model, framework, protocol).

    Args:
        records: one row per run.

    Returns:
        ``yes``: either algorithm exceeds the majority baseline by more than the equivalence margin (95 %
        paired t interval). ``no``: neither does, so both may be at chance and agreement means little.
        Keys without a majority baseline are absent.
    """
    scores = table(records)
    scores = scores[scores.baseline == "majority"]
    grouped = scores.groupby(["task", "model", "framework", "protocol"]).beyond.any()
    return {tuple(map(str, np.atleast_1d(np.array(key, object)))): "yes" if beyond else "no" for key, beyond in grouped.items()}
