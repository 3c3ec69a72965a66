"""Channels that are time-shifted copies of other channels, which archives do not document."""

from collections.abc import Sequence
from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

#: Time steps that must agree in the first sample before a shift is tested on all.
PROBE = 24


class Copy(TypedDict):
    """channel[t] == of[t + lag] in every sample, for all t where both exist (negative lag: a delay)."""

    channel: int
    of: int
    lag: int


def lagged_copies(x: Sequence[NDArray[np.float32]] | NDArray[np.float32]) -> list[Copy]:
    """Find every channel that is an exact copy of an earlier one, shifted by up to half the length.

    Args:
        x: samples (n, L, d), or recordings of different lengths, each (T, d).

    Returns:
        One entry per such channel, with the earliest channel that it copies and the smallest shift. Constant
        channels are left out.

    Example:
        >>> signal = np.random.default_rng(0).normal(size=(5, 106, 1)).astype("f4")
        >>> lagged_copies(np.concatenate([signal[:, :100], signal[:, 6:]], axis=2))
        [{'channel': 1, 'of': 0, 'lag': 6}]
    """
    copies: list[Copy] = []
    for channel in range(1, x[0].shape[1]):
        for other in range(channel):
            lag = _lag(x, channel, other)
            if lag is not None:
                copies.append({"channel": channel, "of": other, "lag": lag})
                break
    return copies


def _lag(x: Sequence[NDArray[np.float32]] | NDArray[np.float32], channel: int, other: int) -> int | None:
    reach = len(x[0]) // 2
    ahead = _candidates(x[0][:, channel], x[0][:, other], reach)
    behind = _candidates(x[0][:, other], x[0][:, channel], reach)
    for lag in sorted({*ahead, *(-lag for lag in behind)}, key=abs):
        if all(_agree(sample[:, channel], sample[:, other], lag) for sample in x):
            return lag
    return None


def _candidates(late: NDArray[np.float32], early: NDArray[np.float32], reach: int) -> list[int]:
    """Return the shifts in 0..reach-1 at which ``early`` contains the start of ``late``."""
    probe = min(PROBE, len(late) - reach)
    if np.ptp(late[:probe]) == 0 or np.ptp(late) == 0:  # a flat start fits everywhere: compare the whole channel
        probe = len(late) - reach
        if np.ptp(late[:probe]) == 0:
            return []
    fits = np.ones(reach, bool)
    for step in range(probe):
        fits &= early[step : step + reach] == late[step]
        if not fits.any():
            return []
    return np.flatnonzero(fits).tolist()


def _agree(channel: NDArray[np.float32], other: NDArray[np.float32], lag: int) -> bool:
    if lag < 0:
        channel, other, lag = other, channel, -lag
    return np.array_equal(channel[: len(channel) - lag], other[lag:])
