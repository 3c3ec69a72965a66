"""Paired differences over few seeds: interval, two one-sided tests, exact sign flips, verdict."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

#: Significance level of every test; intervals cover 1 − LEVEL.
LEVEL = 0.05
#: Equivalence margins: 2 percentage points of accuracy; 10 % of BPTT's mean MSE.
MARGIN_ACCURACY = 0.02
MARGIN_MSE = 0.10


def margin(metric: str, baseline: float) -> float:
    """Return the equivalence margin in the metric's unit: 0.02 for accuracy, 10 % of ``baseline`` for MSE.

    Example:
        >>> margin("accuracy", 0.7), margin("mse", 0.5)
        (0.02, 0.05)
    """
    return MARGIN_ACCURACY if metric == "accuracy" else MARGIN_MSE * baseline


@dataclass(frozen=True)
class Paired:
    """Statistics of n paired differences d, in the unit of d.

    Args:
        n: number of pairs.
        mean: mean difference d̄.
        sd: sample standard deviation (n − 1).
        low: lower end of the 95 % paired t interval.
        high: upper end.
        p_difference: two-sided paired t test of mean = 0.
        p_equivalence: larger p of two one-sided t tests of |mean| < margin.
        p_flip: larger p of the same two hypotheses by exact sign flips; at least 2^−n.
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
    """Compute statistics of paired differences.

    TOST: p = max(P(T > (d̄ + m)/s), P(T > (m − d̄)/s)), s = sd/√n, T with n − 1 degrees of freedom.

    Args:
        differences: RHEL − BPTT of equal seeds (n,).
        margin: m > 0, same unit.

    Returns:
        The statistics; NaN if n < 2 or the differences are constant, since no test applies then.

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
    """Return whether all differences are equal, up to the rounding of their subtraction."""
    return bool(np.ptp(d) <= 1e-12 * max(1.0, float(np.abs(d).max())))


def t_statistics(d: NDArray[np.float64], margin: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return interval and p values for many sets of differences.

    Args:
        d: differences (sets, n) with n > 1; a set without variance yields NaN or infinity.
        margin: (sets,) or scalar.

    Returns:
        (sets, 4): low, high, p of a difference, p of equivalence.
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

    p = #{signs : Σ ±d_i ≥ Σ d_i} / 2^n over all sign vectors; NaN for n > 22 (too many vectors).

    Example:
        >>> sign_flip_test(np.array([1.0, 2.0, 3.0]))
        0.125
    """
    if len(d) > 22:
        return float("nan")
    sums = np.zeros(1)
    for x in d:
        sums = np.concatenate([sums + x, sums - x])
    return float(np.mean(sums >= d.sum() - 1e-12 * np.abs(d).sum()))


def verdict(result: Paired, p_difference: float, p_equivalence: float) -> str:
    """Return the verdict from Holm-adjusted p values.

    Args:
        result: statistics of the paired differences.
        p_difference: adjusted p of a difference.
        p_equivalence: adjusted p of equivalence.

    Returns:
        ``identical``: all differences are zero. ``constant``: all differences are equal and nonzero, so no
        test applies. Otherwise ``too few``, ``equivalent``, ``different`` (and not equivalent) or
        ``inconclusive``.
    """
    if result.n < 2:
        return "too few"
    if result.sd == 0:
        return "identical" if abs(result.mean) <= 1e-12 else "constant"
    if p_equivalence <= LEVEL:
        return "equivalent"
    return "different" if p_difference <= LEVEL else "inconclusive"
