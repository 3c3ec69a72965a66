"""Differences between frameworks, against the noise floor of runs that should agree."""

import numpy as np
import pandas as pd
from scipy import stats

from rhelbench.registry import MODELS
from rhelbench.stats.equivalence import LEVEL
from rhelbench.stats.pairs import holm
from rhelbench.stats.runs import CONFIGURATION, Records

#: A configuration that both frameworks run.
SHARED_CONFIGURATION = [name for name in CONFIGURATION if name != "framework"]
#: Column of runs.csv: what its nonzero values mean.
SOURCES = {"perturbation": "initial values one unit in the last place apart", "dropout_stream": "another dropout stream"}


def floors(records: Records) -> pd.DataFrame:
    """Estimate the noise floor: the spread of runs that should agree.

    s² = Σ over groups of Σ (v − v̄)² / Σ (runs − 1). A group is one configuration and seed; its runs
    differ by the perturbation, or the dropout stream, only.

    Args:
        records: one row per run.

    Returns:
        One row per configuration and source: sd s in the metric's unit, degrees of freedom, runs, and the
        largest max − min.
    """
    rows = []
    runs = records.runs.dropna(subset=["value"])
    for source in SOURCES:
        other = next(name for name in SOURCES if name != source)
        for key, cell in runs[runs[other] == 0].groupby(CONFIGURATION, sort=False):
            groups = [g.value.to_numpy(float) for _, g in cell.groupby("seed") if len(g) > 1 and (g[source] > 0).any()]
            if not groups:
                continue
            freedom = sum(len(g) - 1 for g in groups)
            squares = sum(float(((g - g.mean()) ** 2).sum()) for g in groups)
            rows.append(
                {
                    **dict(zip(CONFIGURATION, key, strict=True)),
                    "source": source,
                    "metric": cell.metric.iloc[0],
                    "sd": float(np.sqrt(squares / freedom)),
                    "freedom": freedom,
                    "runs": sum(map(len, groups)),
                    "spread": max(float(np.ptp(g)) for g in groups),
                }
            )
    return pd.DataFrame(rows, columns=[*CONFIGURATION, "source", "metric", "sd", "freedom", "runs", "spread"])


def frameworks(records: Records) -> pd.DataFrame:
    """Compare JAX with PyTorch on equal seeds, against the noise floor of the same configurations.

    Two runs that differ by noise alone differ by N(0, 2 s²). So F = Σ d²/(2 n s²) follows F(n, freedom);
    the test is one-sided. The frameworks use different dropout masks. With dropout, the floor of dropout
    streams therefore decides.

    Args:
        records: one row per run.

    Returns:
        One row per (task, model, algorithm, protocol) run in both, and per source of noise (empty if none was
        measured). Columns: n, mean and root mean square of torch − JAX, floor sd pooled over frameworks,
        ratio, p, p Holm-adjusted within a source. Verdict: ``identical``, ``within``, ``beyond`` or
        ``no floor``.
    """
    runs, floor = records.plain(), floors(records)
    keys = SHARED_CONFIGURATION
    rows = []
    for key, part in runs[runs.model.isin([m for m in MODELS if MODELS[m].hamiltonian])].groupby(keys, sort=False):
        wide = part.pivot_table(index="seed", columns="framework", values="value", aggfunc="first")
        wide = wide.reindex(columns=["jax", "torch"]).dropna()
        if wide.empty:
            continue
        d = (wide.torch - wide.jax).to_numpy(float)
        rms = float(np.sqrt(np.mean(d**2)))
        name = dict(zip(keys, key, strict=True))
        entry = name | {"metric": part.metric.dropna().iloc[0], "n": len(d), "mean": float(d.mean()), "rms": rms}
        same = floor[(floor[keys] == pd.Series(name)).all(axis=1)]
        for source in [source for source in SOURCES if (same.source == source).any()] or [""]:
            own = same[same.source == source]
            freedom = int(own.freedom.sum())
            s = float(np.sqrt((own.sd**2 * own.freedom).sum() / freedom)) if freedom else np.nan
            p = float(stats.f.sf(rms**2 / (2 * s**2), len(d), freedom)) if s > 0 else float(rms == 0) if s == 0 else np.nan
            rows.append(entry | {"source": source, "floor_sd": s, "ratio": rms / (np.sqrt(2) * s) if s > 0 else np.nan, "p": p})
    columns = [*keys, "metric", "n", "mean", "rms", "source", "floor_sd", "ratio", "p", "p_holm", "verdict"]
    if not rows:
        return pd.DataFrame(columns=columns)
    table = pd.DataFrame(rows)
    table["p_holm"] = table.groupby("source").p.transform(holm)
    table["verdict"] = np.where(table.p_holm <= LEVEL, "beyond", "within")
    table.loc[table.p.isna(), "verdict"] = "no floor"
    table.loc[table.rms == 0, "verdict"] = "identical"
    return table[columns]


def decisive_rows(table: pd.DataFrame) -> pd.DataFrame:
    """Return one row of ``frameworks`` per configuration: the floor of dropout streams if measured, else another."""
    order = table.source.map({"dropout_stream": 0, "perturbation": 1, "": 2})
    return (
        table.assign(order=order).sort_values("order", kind="stable").drop_duplicates(SHARED_CONFIGURATION).drop(columns="order")
    )
