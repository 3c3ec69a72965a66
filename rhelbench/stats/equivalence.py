"""Paired differences of a few seeds: interval, two one-sided tests, exact sign flips, and a verdict."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

#: Level of every test and of one minus the coverage of every interval.
LEVEL = 0.05
#: Accuracies count as equivalent within two points, MSEs within a tenth of BPTT's mean MSE.
MARGIN_ACCURACY = 0.02
MARGIN_MSE = 0.10


def margin(metric: str, baseline: float) -> float:
    """Return the equivalence margin in the metric's unit: 0.02 for accuracy, 10 % of ``baseline`` for an MSE."""
    return MARGIN_ACCURACY if metric == "accuracy" else MARGIN_MSE * baseline


@dataclass(frozen=True)
class Paired:
    """What n paired differences d say, in the unit of d.

    Args:
        n: number of pairs.
        mean: mean difference.
        sd: sample standard deviation (n − 1).
        low: lower end of the 95 % paired t interval.
        high: upper end.
        p_difference: two-sided paired t test of mean = 0.
        p_equivalence: two one-sided t tests of |mean| < margin, the larger p.
        p_flip: the same two one-sided hypotheses by exact sign flips, the larger p; never below 2^−n.
    """

    n: int
    mean: float
    sd: float
    low: float
    high: float
    p_difference: float
    p_equivalence: float
    p_flip: float


def paired_tests(differences: NDArray[np.float64], margin: NDArray[np.float64] | float) -> Paired:
    """Analyse paired differences.

    TOST: p = max(P(T > (d̄ + m)/s), P(T > (m − d̄)/s)), s = sd/√n, T with n − 1 degrees of freedom.

    Args:
        differences: RHEL − BPTT of equal seeds, shape (n,).
        margin: m > 0, same unit.

    Returns:
        The statistics; NaN where n < 2 or the differences do not vary, for then no test applies.

    Source:
        Schuirmann, J. Pharmacokinet. Biopharm. 15 (1987); Fisher, The Design of Experiments, section 21.
    """
    d = np.asarray(differences, float)
    n = len(d)
    if n == 0:
        return Paired(0, *(float("nan"),) * 7)
    mean = float(d.mean())
    sd = float(d.std(ddof=1)) if n > 1 else float("nan")
    if n < 2 or is_constant(d):
        return Paired(n, mean, 0.0 if n > 1 else sd, *(float("nan"),) * 5)
    low, high, p_difference, p_equivalence = (float(x) for x in t_statistics(d[None], np.asarray(margin)).T[:, 0])
    return Paired(
        n, mean, sd, low, high, p_difference, p_equivalence, max(sign_flip_test(d + margin), sign_flip_test(margin - d))
    )


def is_constant(d: NDArray[np.float64]) -> bool:
    """Say whether all differences are the same number, rounding of their subtraction apart."""
    return bool(np.ptp(d) <= 1e-12 * max(1.0, float(np.abs(d).max())))


def t_statistics(d: NDArray[np.float64], margin: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return low, high, p of difference, p of equivalence for many sets of differences at once.

    Args:
        d: differences (sets, n) with n > 1; a set without variance gives NaN or infinities.
        margin: (sets,) or scalar.

    Returns:
        Array (sets, 4).
    """
    n = d.shape[1]
    mean, error = d.mean(1), d.std(1, ddof=1) / np.sqrt(n)
    half = stats.t.ppf(1 - LEVEL / 2, n - 1) * error
    with np.errstate(divide="ignore", invalid="ignore"):
        p_difference = 2 * stats.t.sf(np.abs(mean) / error, n - 1)
        p_equivalence = np.maximum(stats.t.sf((mean + margin) / error, n - 1), stats.t.sf((margin - mean) / error, n - 1))
    return np.stack([mean - half, mean + half, p_difference, p_equivalence], 1)


def sign_flip_test(d: NDArray[np.float64]) -> float:
    """Return the exact one-sided sign-flip p value of mean > 0.

    p = #{signs : Σ ±d_i ≥ Σ d_i} / 2^n over all sign vectors; NaN beyond n = 22, where they are too many to list.
    """
    if len(d) > 22:
        return float("nan")
    sums = np.zeros(1)
    for x in d:
        sums = np.concatenate([sums + x, sums - x])
    return float(np.mean(sums >= d.sum() - 1e-12 * np.abs(d).sum()))


def verdict(result: Paired, p_difference: float, p_equivalence: float) -> str:
    """Name the outcome from Holm-adjusted p values.

    Returns:
        ``identical`` (no difference in any pair), ``constant`` (one and the same nonzero difference in all pairs: untested),
        ``too few``, ``equivalent``, ``different`` (and not within the margin) or ``inconclusive``.
    """
    if result.n < 2:
        return "too few"
    if result.sd == 0:
        return "identical" if abs(result.mean) <= 1e-12 else "constant"
    if p_equivalence <= LEVEL:
        return "equivalent"
    return "different" if p_difference <= LEVEL else "inconclusive"
