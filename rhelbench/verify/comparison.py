"""One array against its reference, and the short form of many such comparisons."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

#: Absolute allowance where nothing else is asked for.
FLOOR = 1e-15


@dataclass(frozen=True)
class Comparison:
    """One array against its reference.

    Args:
        file: name of the vector file.
        quantity: what was computed, and by which of our algorithms.
        name: the array, by our names.
        error: max|ours − reference| / max|reference|.
        allowed: the error at which ``status`` turns to "failed"; the absolute allowance is included.
        status: ok, failed, skipped (the reference is not finite), or report (chaotic: shown, not judged).
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
    """Compare one array: |ours − reference| ≤ relative · max|reference| + absolute, everywhere."""
    ours, reference = np.asarray(ours, dtype=np.float64), np.asarray(reference, dtype=np.float64)
    if not np.isfinite(reference).all():
        return Comparison(file, quantity, name, float("nan"), float("nan"), "skipped")
    scale = float(np.max(np.abs(reference)))
    gap = float(np.max(np.abs(ours.reshape(reference.shape) - reference)))
    unit = scale if scale > 0 else 1.0
    allowed = relative * scale + absolute
    return Comparison(file, quantity, name, gap / unit, allowed / unit, "ok" if gap <= allowed else "failed")


def summary(rows: list[Comparison]) -> list[Comparison]:
    """Return one row per file, quantity and status: the one that uses most of its allowance."""
    groups: dict[tuple[str, str, str], list[Comparison]] = {}
    for row in rows:
        groups.setdefault((row.file, row.quantity, row.status), []).append(row)
    return [max(group, key=lambda row: np.nan_to_num(row.error / row.allowed, nan=np.inf)) for group in groups.values()]
