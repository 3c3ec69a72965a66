"""Comparison of an array with its reference, and summaries of comparisons."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

#: Default absolute tolerance.
FLOOR = 1e-15


@dataclass(frozen=True)
class Comparison:
    """Comparison of one array with its reference.

    Args:
        file: name of the vector file.
        quantity: what was computed, and by which algorithm.
        name: the array, by its canonical name.
        error: max|ours − reference| / max|reference|.
        allowed: largest error with status "ok", including the absolute tolerance.
        status: ok, failed, skipped (the reference is not finite), or report (chaotic: shown, not tested).
    """

    file: str
    quantity: str
    name: str
    error: float
    allowed: float
    status: Literal["ok", "failed", "skipped", "report"]


def compare(
    file: str, quantity: str, name: str, ours: Any, reference: Any, relative: float, absolute: float = FLOOR
) -> Comparison:
    """Compare one array: |ours − reference| ≤ relative · max|reference| + absolute, everywhere.

    Args:
        file: name of the vector file.
        quantity: what was computed.
        name: the array.
        ours: the computed array.
        reference: the stored array.
        relative: relative tolerance.
        absolute: absolute tolerance.
    """
    ours, reference = np.asarray(ours, dtype=np.float64), np.asarray(reference, dtype=np.float64)
    if not np.isfinite(reference).all():
        return Comparison(file, quantity, name, float("nan"), float("nan"), "skipped")
    scale = float(np.max(np.abs(reference)))
    gap = float(np.max(np.abs(ours.reshape(reference.shape) - reference)))
    unit = scale if scale > 0 else 1.0
    allowed = relative * scale + absolute
    return Comparison(file, quantity, name, gap / unit, allowed / unit, "ok" if gap <= allowed else "failed")


def summary(rows: list[Comparison]) -> list[Comparison]:
    """Return one row per file, quantity and status: the one closest to, or farthest above, its tolerance."""
    groups: dict[tuple[str, str, str], list[Comparison]] = {}
    for row in rows:
        groups.setdefault((row.file, row.quantity, row.status), []).append(row)
    return [max(group, key=lambda row: np.nan_to_num(row.error / row.allowed, nan=np.inf)) for group in groups.values()]
