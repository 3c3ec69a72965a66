"""Do the statistics keep their promises? Simulated tables of accuracies with the real test sizes."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rhelbench.seeds.streams import generator
from rhelbench.stats import consistency, power, reported
from rhelbench.stats.aggregate import bootstrap, iqm
from rhelbench.stats.equivalence import LEVEL, MARGIN_ACCURACY, margin, t_statistics

TABLES = 1000
#: Standard deviation of a split's difficulty, shared by both algorithms, beside the binomial counts.
DIFFICULTY = 0.04


def simulate(
    rng: np.random.Generator, tables: int, accuracy: NDArray[np.float64], sizes: NDArray[np.int64], seeds: int, effect: float
) -> NDArray[np.float64]:
    """Draw accuracies of both algorithms: a split's difficulty is shared, its counts are binomial.

    Args:
        rng: the only source of randomness.
        tables: number of tables.
        accuracy: BPTT's true mean accuracy per task (tasks,).
        sizes: test samples per task (tasks,).
        seeds: n.
        effect: RHEL's true mean accuracy minus BPTT's.

    Returns:
        Accuracies (tables, tasks, seeds, 2): BPTT, RHEL.
    """
    shared = rng.normal(0, DIFFICULTY, (tables, len(sizes), seeds, 1))
    mean = accuracy[:, None, None] + np.array([0.0, effect])
    return rng.binomial(sizes[:, None, None], np.clip(mean + shared, 0, 1)) / sizes[:, None, None]


def table(tables: int = TABLES, seeds: int = 5) -> pd.DataFrame:
    """Measure coverage and false positives of the paired statistics, and the coverage of the aggregate's bootstrap.

    Returns:
        One row per quantity: coverage of the 95 % paired t interval (no effect and an effect of the margin), rate of false
        equivalence at the margin, rate of false difference at no effect, coverage of the bootstrap interval of the difference of
        interquartile means where the truth is zero.
    """
    tasks = reported.order("accuracy")
    sizes = np.array([consistency.held_out(task) for task in tasks])
    paper = reported.read()
    linear = paper[(paper.model == "linear-complex") & (paper.algorithm == "bptt")].set_index("task")
    accuracy = linear["mean"].reindex(tasks).to_numpy(float)
    rng = generator("calibration", "table", 0, 0)
    rows = []
    for effect in (0.0, -MARGIN_ACCURACY):
        scores = simulate(rng, tables, accuracy, sizes, seeds, effect)
        d = (scores[..., 1] - scores[..., 0]).reshape(-1, seeds)
        low, high, p_difference, p_equivalence = t_statistics(d, np.asarray(MARGIN_ACCURACY)).T
        at = "no effect" if effect == 0 else "an effect of the margin"
        rows.append((f"coverage of the 95 % paired t interval, {at}", float(np.mean((low <= effect) & (effect <= high))), len(d)))
        if effect:
            rows.append(("false equivalence at the margin", float(np.mean(p_equivalence <= LEVEL)), len(d)))
        else:
            rows.append(("false difference at no effect", float(np.mean(p_difference <= LEVEL)), len(d)))
            rows.append(
                ("coverage of the 95 % bootstrap interval, difference of interquartile means", _covers(scores, rng), tables)
            )
    return pd.DataFrame(rows, columns=["quantity", "rate", "cases"])


def _covers(scores: NDArray[np.float64], rng: np.random.Generator, resamples: int = 300) -> float:
    inside = 0
    for one in scores:
        middles = bootstrap(list(one), iqm, rng, resamples)
        low, high = np.quantile(middles[:, 1] - middles[:, 0], (0.025, 0.975))
        inside += low <= 0 <= high  # equal distributions: the true difference is zero
    return inside / len(scores)


def published_design() -> pd.DataFrame:
    """Say what the paper's five seeds could have shown, from its own printed spreads.

    The sd of a paired difference is not printed; with independent seeds it is √(sd_BPTT² + sd_RHEL²), times √(5/4) for the
    population form. Pairing can only help as far as seeds share their difficulty.

    Returns:
        One row per task and model: sd, margin, smallest detectable difference, power of the equivalence test at no difference,
        seeds needed for 80 % power (none: more than 1,000).
    """
    paper = reported.read()
    wide = paper[paper.task != "average"].pivot(
        index=["task", "model", "metric", "n"], columns="algorithm", values=["mean", "sd"]
    )
    rows = []
    for (task, model, metric, n), row in zip(wide.index, wide.to_numpy(), strict=True):
        bptt, _, sd_bptt, sd_rhel = (float(x) for x in row)
        sd = float(np.hypot(sd_bptt, sd_rhel) * np.sqrt(n / (n - 1)))
        m = margin(metric, bptt)
        rows.append(
            {
                "task": task, "model": model, "metric": metric, "n": n, "sd": sd, "margin": m,
                "detectable": power.detectable(sd, n), "power": power.equivalence_power(sd, n, m),
                "seeds_needed": power.seeds_needed(sd, m),
            }
        )  # fmt: skip
    order = {task: place for place, task in enumerate(reported.order())}
    found = pd.DataFrame(rows).astype({"seeds_needed": "Int64"})
    return found.sort_values("task", key=lambda tasks: tasks.map(order), kind="stable", ignore_index=True)
