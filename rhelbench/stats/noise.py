"""Differences between frameworks, against the noise floor: what one unit in the last place of the initial values does."""

import numpy as np
import pandas as pd
from scipy import stats

from rhelbench.registry import MODELS
from rhelbench.stats.equivalence import LEVEL
from rhelbench.stats.pairs import holm
from rhelbench.stats.runs import CONFIGURATION, Records

#: A cell that both frameworks run.
SHARED_CONFIGURATION = [name for name in CONFIGURATION if name != "framework"]
#: Column of runs.csv to what its nonzero values are.
SOURCES = {"perturbation": "initial values one unit in the last place apart", "dropout_stream": "another dropout stream"}


def floors(records: Records) -> pd.DataFrame:
    """Measure how far runs that should agree lie apart.

    s² = Σ over groups of Σ (v − v̄)² / Σ (runs − 1); a group is one cell and seed, its runs differ by the disturbance alone.

    Returns:
        One row per cell and kind of disturbance: sd s (metric's unit), degrees of freedom, runs, largest spread max − min.
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
    """Compare JAX with torch on equal seeds against the floors of the same cells.

    Two runs that differ by noise alone differ by N(0, 2 s²): F = Σ d²/(2 n s²) of F(n, freedom), one-sided. The frameworks draw
    their own dropout masks, so with dropout the floor of other dropout streams is the one that a difference is judged by.

    Returns:
        One row per (task, model, algorithm, protocol) run in both and measured floor (source; empty where there is none): n, mean
        and root mean square difference torch − JAX, floor sd (pooled over frameworks), ratio, p, p Holm-adjusted over the rows of
        a source, and the verdict ``identical``, ``within``, ``beyond`` or ``no floor``.
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
    """Return one row of ``frameworks`` per cell: the floor of other dropout streams where measured, else what there is."""
    order = table.source.map({"dropout_stream": 0, "perturbation": 1, "": 2})
    return (
        table.assign(order=order).sort_values("order", kind="stable").drop_duplicates(SHARED_CONFIGURATION).drop(columns="order")
    )
