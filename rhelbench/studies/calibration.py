"""Calibration of the statistics on simulated tables of accuracies with the real test sizes."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rhelbench.records import reported
from rhelbench.seeds.streams import generator
from rhelbench.stats import power
from rhelbench.stats.aggregate import bootstrap, iqm
from rhelbench.stats.equivalence import LEVEL, MARGIN_ACCURACY, margin, t_statistics
from rhelbench.tasks import card, splits

TABLES, SEEDS = 1000, 5
#: Standard deviation of a split's difficulty, which both algorithms share; counts are binomial in addition.
DIFFICULTY = 0.04
#: Fraction of test samples with equal answers of both algorithms: none, or enough to show equivalence with five seeds.
ALIKE = (0.0, 0.9)
#: Resamples of each bootstrap interval.
RESAMPLES = 300


def compute(tables: int = TABLES) -> dict[str, pd.DataFrame]:
    """Return ``calibration`` (coverage and error rates) and ``design`` (the power of five seeds).

    Args:
        tables: number of simulated tables.
    """
    return {"calibration": table(tables), "design": published_design()}


def simulate(
    rng: np.random.Generator, tables: int, accuracy: NDArray[np.float64], sizes: NDArray[np.int64], effect: float, alike: float
) -> NDArray[np.float64]:
    """Simulate accuracies of both algorithms: difficulty per split is shared, counts are binomial.

    Args:
        rng: the only source of randomness.
        tables: number of tables.
        accuracy: BPTT's true mean accuracy per task (tasks,).
        sizes: test samples per task (tasks,).
        effect: RHEL's true mean accuracy minus BPTT's.
        alike: fraction of test samples with equal answers of both algorithms; the others carry the effect.

    Returns:
        Accuracies (tables, tasks, SEEDS, 2): BPTT, RHEL.
    """
    shape = (tables, len(sizes), SEEDS, 1)
    common = np.round(alike * sizes).astype(int)
    p = np.clip(accuracy[:, None, None] + rng.normal(0, DIFFICULTY, shape), 0, 1)
    own = (sizes - common)[:, None, None]
    shifted = np.clip(p + np.array([0.0, effect]) * sizes[:, None, None] / own, 0, 1)
    counts = rng.binomial(common[:, None, None], p) + rng.binomial(own, shifted)
    return counts / sizes[:, None, None]


def table(tables: int = TABLES) -> pd.DataFrame:
    """Measure coverage and error rates of the paired statistics, and coverage of the bootstrap.

    Args:
        tables: number of simulated tables.

    Returns:
        One row per design (percentage of equal answers) and quantity, with rate and cases. Quantities:
        coverage of the 95 % paired t interval without effect and with an effect of the margin; false
        equivalence at the margin; false difference and true equivalence without effect; coverage of the
        bootstrap interval of the difference of interquartile means, whose true value is zero.
    """
    tasks = reported.order("accuracy")
    sizes = np.array([splits.held_out(card.load(task)) for task in tasks])
    paper = reported.read()
    linear = paper[(paper.model == "linear") & (paper.algorithm == "bptt")].set_index("task")
    accuracy = linear["mean"].reindex(tasks).to_numpy(float)
    rows = []
    for alike in ALIKE:
        for effect in (0.0, -MARGIN_ACCURACY):
            rng = generator(f"calibration/{alike:g}/{effect:g}", "table", 0, 0)
            scores = simulate(rng, tables, accuracy, sizes, effect, alike)
            d = (scores[..., 1] - scores[..., 0]).reshape(-1, SEEDS)
            d = d[np.ptp(d, axis=1) > 1e-12]  # without variance there is no test
            low, high, p_difference, p_equivalence = t_statistics(d, np.asarray(MARGIN_ACCURACY)).T
            at = "no effect" if effect == 0 else "an effect of the margin"
            covered = np.mean((low <= effect + 1e-12) & (effect - 1e-12 <= high))
            rows.append((alike, f"coverage of the 95 % paired t interval, {at}", covered, len(d)))
            if effect:
                rows.append((alike, "false equivalence at the margin", np.mean(p_equivalence <= LEVEL), len(d)))
                continue
            rows.append((alike, "false difference at no effect", np.mean(p_difference <= LEVEL), len(d)))
            rows.append((alike, "equivalence found at no effect", np.mean(p_equivalence <= LEVEL), len(d)))
            what = "coverage of the 95 % bootstrap interval, difference of interquartile means"
            rows.append((alike, what, _covers(scores, rng), tables))
    found = pd.DataFrame(rows, columns=["alike", "quantity", "rate", "cases"])
    return found.assign(alike=found.alike * 100).rename(columns={"alike": "alike_percent"})


def _covers(scores: NDArray[np.float64], rng: np.random.Generator) -> float:
    inside = 0
    for one in scores:
        middles = bootstrap(list(one), iqm, rng, RESAMPLES)
        low, high = np.quantile(middles[:, 1] - middles[:, 0], (0.025, 0.975))
        inside += low <= 0 <= high  # equal distributions: the true difference is zero
    return inside / len(scores)


def published_design() -> pd.DataFrame:
    """Return what the paper's five seeds can show, from its printed spreads.

    The paper does not print the sd of paired differences. For independent seeds it is √(sd_BPTT² + sd_RHEL²),
    times √(5/4) since the printed sd is that of a population. Pairing helps only if seeds share difficulty.

    Returns:
        One row per task and model: sd, margin, smallest detectable difference, power of the equivalence test at
        zero difference, and seeds needed for 80 % power (empty: more than 1,000).
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
    found = pd.DataFrame(rows).astype({"seeds_needed": "Int64"})
    places = reported.places(found.task)
    return found.sort_values("task", key=lambda tasks: tasks.map(places), kind="stable", ignore_index=True)
