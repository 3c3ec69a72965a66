"""Printed names of algorithms, frameworks and nudges in tables, figures and pages."""

from typing import Any

from rhelbench.registry import ALGORITHMS, FRAMEWORKS, MODELS

#: Names as printed.
LABELS: dict[str, str] = {
    **{name: algorithm.label for name, algorithm in ALGORITHMS.items()},
    **{name: framework.label for name, framework in FRAMEWORKS.items()},
    "baseline": "baseline",
    "paper": "paper",
}


def power(rho: float) -> str:
    """Return a power of ten, for example a relative nudge, as printed.

    Example:
        >>> power(1e-4)
        '1e-4'
    """
    return f"{rho:.0e}".replace("e-0", "e-")


def describe(row: Any) -> str:
    """Return the printed name of a row of statistics.

    It has the row's task, model, algorithm, framework and protocol, if present.

    Args:
        row: a tuple of ``DataFrame.itertuples``.

    Example:
        >>> describe(Row(task="Heartbeat", model="linear", algorithm="bptt"))  # doctest: +SKIP
        'Heartbeat linear BPTT'
    """
    words = [getattr(row, name, "") for name in ("task", "model", "algorithm", "framework", "protocol")]
    words[1] = MODELS[words[1]].label
    return " ".join(LABELS.get(word, word) for word in words if word)
