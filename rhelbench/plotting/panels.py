"""Layout and titles of panels."""

from math import ceil
from typing import Any

from rhelbench.registry import MODELS

#: Columns that identify a panel.
PANEL = ["task", "model", "protocol"]


def grid(panels: int) -> tuple[int, int]:
    """Return rows and columns: at most four columns, as balanced as possible.

    Example:
        >>> grid(5)
        (2, 3)
    """
    rows = ceil(panels / 4)
    return rows, ceil(panels / rows)


def title(key: tuple[Any, ...]) -> str:
    """Return a panel's title from its (task, model, protocol)."""
    task, model, protocol = key
    return f"{task}\n{MODELS[model].label}, {protocol}"


def label(part: str, metric: str) -> str:
    """Return an axis label with its unit, for example ``test accuracy (%)``."""
    return f"{part} accuracy (%)" if metric == "accuracy" else f"{part} MSE (units of 0.01)"
