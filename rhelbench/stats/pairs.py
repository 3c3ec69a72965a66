"""RHEL against BPTT, paired by seed, for every task, model, framework and protocol."""

import numpy as np
import pandas as pd
from statsmodels.stats.multitest import multipletests

from rhelbench.registry import MODELS
from rhelbench.stats import power, skill
from rhelbench.stats.equivalence import LEVEL, margin, paired_tests, verdict
from rhelbench.stats.runs import Records

GROUP = ["task", "model", "framework", "protocol"]
COLUMNS = [
    *GROUP, "metric", "margin", "n", "expected", "mean", "sd", "low", "high", "p_difference", "p_equivalence", "p_flip",
    "p_difference_holm", "p_equivalence_holm", "verdict", "informative", "detectable", "power", "seeds_needed",
]  # fmt: skip


def differences(runs: pd.DataFrame, first: str = "rhel", second: str = "bptt", by: str = "algorithm") -> pd.DataFrame:
    """Return one row per seed present on both sides: seed, first, second, difference = first − second.

    Args:
        runs: rows of ``Records.runs``.
        first: value of the column ``by`` on the first side.
        second: value of the column ``by`` on the second side.
        by: column that distinguishes the sides.
    """
    wide = runs.pivot_table(index="seed", columns=by, values="value", aggfunc="first").reindex(columns=[first, second])
    wide = wide.dropna()
    return wide.assign(difference=wide[first] - wide[second]).reset_index()


def holm(p: pd.Series) -> pd.Series:
    """Return Holm-adjusted p values; untested pairs (NaN) stay NaN and do not count.

    Example:
        >>> holm(pd.Series([0.01, 0.04, np.nan])).tolist()
        [0.02, 0.04, nan]
    """
    adjusted, tested = p.copy(), p.notna()
    if tested.any():
        adjusted[tested] = multipletests(p[tested].to_numpy(), alpha=LEVEL, method="holm")[1]
    return adjusted


def compare(records: Records) -> pd.DataFrame:
    """Test every pair of configurations that differ in the algorithm only.

    Args:
        records: one row per run.

    Returns:
        One row per (task, model, framework, protocol) with a recurrent model: paired statistics of RHEL − BPTT
        in the metric's unit, p values alone and Holm-adjusted over the matrix, and the verdict.
        ``informative``: see ``skill.informative``. ``detectable``: the smallest difference that n seeds detect
        with 80 % power. ``seeds_needed``: the seeds that would decide equivalence.
    """
    runs = records.plain()
    runs = runs[runs.model.isin([name for name, model in MODELS.items() if model.hamiltonian])]
    known = skill.informative(records)
    rows = []
    for key, part in runs.groupby(GROUP, sort=False):
        pair = differences(part)
        metric = str(part.metric.dropna().iloc[0]) if part.metric.notna().any() else ""
        m = margin(metric, float(pair.bptt.mean())) if len(pair) else float("nan")
        result = paired_tests(pair.difference.to_numpy(), m)
        measured = result.sd > 0  # else untested, power unknown
        rows.append(
            {
                **dict(zip(GROUP, key, strict=True)),
                "metric": metric, "margin": m, "expected": part.seed.nunique(), **vars(result),
                "informative": known.get(tuple(map(str, key)), "unknown"),
                "detectable": power.detectable(result.sd, result.n) if measured else np.nan,
                "power": power.equivalence_power(result.sd, result.n, m) if measured else np.nan,
                "seeds_needed": power.seeds_needed(result.sd, m) if measured else None,
                "result": result,
            }
        )  # fmt: skip
    if not rows:
        return pd.DataFrame(columns=COLUMNS)
    table = pd.DataFrame(rows)
    for name in ("p_difference", "p_equivalence"):
        table[f"{name}_holm"] = holm(table[name])
    table["verdict"] = [
        verdict(row["result"], row["p_difference_holm"], row["p_equivalence_holm"]) for row in table.to_dict("records")
    ]
    return table.astype({"seeds_needed": "Int64"})[COLUMNS]
