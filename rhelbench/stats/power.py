"""Power of n seeds: smallest detectable difference, power of the equivalence test, seeds needed."""

import numpy as np
from scipy import stats
from statsmodels.stats.power import TTestPower

from rhelbench.stats.equivalence import LEVEL

POWER = 0.8
#: Designs that need more seeds than this are reported as infeasible.
MOST = 1000


def detectable(sd: float, n: int) -> float:
    """Return the smallest true mean difference that a two-sided paired t test detects with 80 % power.

    Args:
        sd: standard deviation of the paired differences, in the metric's unit.
        n: pairs, at least 2.

    Source:
        statsmodels, TTestPower.
    """
    if sd == 0:
        return 0.0
    return float(sd * TTestPower().solve_power(effect_size=None, nobs=n, alpha=LEVEL, power=POWER, alternative="two-sided"))


def equivalence_power(sd: float, n: int, margin: float, nodes: int = 400) -> float:
    """Return the power of two one-sided paired t tests when the true difference is zero.

    ∫ P(|d̄| < m − t s/√n | s) p(s) ds over s < m √n/t, where s² (n − 1)/σ² follows χ²(n − 1).
    The integral uses the midpoint rule in the quantiles of s.

    Args:
        sd: σ, standard deviation of the paired differences.
        n: pairs, at least 2.
        margin: m, same unit as σ.
        nodes: number of quantiles.

    Source:
        Phillips, J. Pharmacokinet. Biopharm. 18 (1990), equation for a zero difference.

    Example:
        >>> equivalence_power(0.01, 5, 0.02) > 0.8 > equivalence_power(0.03, 5, 0.02)
        True
    """
    if sd == 0:
        return 1.0
    quantiles = (np.arange(nodes) + 0.5) / nodes
    s = sd * np.sqrt(stats.chi2.ppf(quantiles, n - 1) / (n - 1))
    room = margin - stats.t.ppf(1 - LEVEL, n - 1) * s / np.sqrt(n)
    inside = 2 * stats.norm.cdf(np.maximum(room, 0) * np.sqrt(n) / sd) - 1
    return float(inside.mean())


def seeds_needed(sd: float, margin: float) -> int | None:
    """Return the smallest n whose equivalence test has 80 % power at zero difference.

    Args:
        sd: standard deviation of the paired differences.
        margin: equivalence margin, same unit.

    Returns:
        n, or None if it exceeds ``MOST``.
    """
    if equivalence_power(sd, MOST, margin) < POWER:
        return None
    low, high = 2, MOST
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if equivalence_power(sd, middle, margin) >= POWER else (middle + 1, high)
    return low
