"""How algorithms, frameworks and nudges are called in tables, figures and pages."""

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
    """Return a relative nudge, or another power of ten, as printed.

    Example:
        >>> power(1e-4)
        '1e-4'
    """
    return f"{rho:.0e}".replace("e-0", "e-")


def describe(row: Any) -> str:
    """Name a row of a table of statistics in words, by those of task, model, algorithm, framework and protocol it has.

    Args:
        row: a tuple of ``DataFrame.itertuples``.

    Example:
        >>> cell(Row(task="Heartbeat", model="linear", algorithm="bptt"))
        'Heartbeat linear BPTT'
    """
    words = [getattr(row, name, "") for name in ("task", "model", "algorithm", "framework", "protocol")]
    words[1] = MODELS[words[1]].label
    return " ".join(LABELS.get(word, word) for word in words if word)
