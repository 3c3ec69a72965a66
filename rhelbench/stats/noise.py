"""Differences between frameworks, against the noise floor: what one unit in the last place of the initial values does."""

import numpy as np
import pandas as pd
from scipy import stats

from rhelbench.registry import MODELS
from rhelbench.stats.equivalence import LEVEL
from rhelbench.stats.records import CELL, Records

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
        for key, cell in runs[runs[other] == 0].groupby(CELL, sort=False):
            groups = [g.value.to_numpy(float) for _, g in cell.groupby("seed") if len(g) > 1 and (g[source] > 0).any()]
            if not groups:
                continue
            freedom = sum(len(g) - 1 for g in groups)
            squares = sum(float(((g - g.mean()) ** 2).sum()) for g in groups)
            rows.append(
                {
                    **dict(zip(CELL, key, strict=True)),
                    "source": source,
                    "metric": cell.metric.iloc[0],
                    "sd": float(np.sqrt(squares / freedom)),
                    "freedom": freedom,
                    "runs": sum(map(len, groups)),
                    "spread": max(float(np.ptp(g)) for g in groups),
                }
            )
    return pd.DataFrame(rows, columns=[*CELL, "source", "metric", "sd", "freedom", "runs", "spread"])


def frameworks(records: Records) -> pd.DataFrame:
    """Compare JAX with torch on equal seeds against the floor of the same cells.

    Two runs that differ by noise alone differ by N(0, 2 s²): F = Σ d²/(2 n s²) of F(n, freedom), one-sided.

    Returns:
        One row per (task, model, algorithm, protocol) run in both: n, mean and root mean square difference torch − JAX, floor sd
        (of perturbed initial values, pooled over frameworks), ratio, p, and the verdict ``identical``, ``within``, ``beyond``
        or ``no floor``.
    """
    runs, floor = records.plain(), floors(records)
    keys = ["task", "model", "algorithm", "protocol"]
    rows = []
    for key, part in runs[runs.model.isin([m for m in MODELS if MODELS[m].hamiltonian])].groupby(keys, sort=False):
        wide = part.pivot_table(index="seed", columns="framework", values="value", aggfunc="first")
        wide = wide.reindex(columns=["jax", "torch"]).dropna()
        if wide.empty:
            continue
        d = (wide.torch - wide.jax).to_numpy(float)
        same = floor[(floor[keys] == pd.Series(dict(zip(keys, key, strict=True)))).all(axis=1) & (floor.source == "perturbation")]
        freedom = int(same.freedom.sum())
        s = float(np.sqrt((same.sd**2 * same.freedom).sum() / freedom)) if freedom else np.nan
        rms = float(np.sqrt(np.mean(d**2)))
        p = float(stats.f.sf(rms**2 / (2 * s**2), len(d), freedom)) if s > 0 else np.nan
        if not np.any(d):
            outcome = "identical"
        elif np.isnan(s):
            outcome = "no floor"
        else:
            outcome = "beyond" if s == 0 or p <= LEVEL else "within"
        rows.append(
            {
                **dict(zip(keys, key, strict=True)),
                "metric": part.metric.dropna().iloc[0], "n": len(d), "mean": float(d.mean()), "rms": rms,
                "floor_sd": s, "ratio": rms / (np.sqrt(2) * s) if s > 0 else np.nan, "p": p, "verdict": outcome,
            }
        )  # fmt: skip
    return pd.DataFrame(rows, columns=[*keys, "metric", "n", "mean", "rms", "floor_sd", "ratio", "p", "verdict"])
