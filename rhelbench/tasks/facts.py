"""What a task's files hold, measured: the numbers that the card is checked against, and those that papers leave out."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rhelbench.errors import UserError
from rhelbench.tasks.card import Card
from rhelbench.tasks.lags import lagged_copies
from rhelbench.tasks.readers.ppg_dalia import Recordings
from rhelbench.tasks.readers.uea import Samples


def of_samples(raw: Samples, columns: dict[str, Any]) -> dict[str, Any]:
    """Measure labelled samples.

    Args:
        raw: samples as the files hold them, n in all.
        columns: ``classes``; ``y`` and ``first`` (n,), as in ``store.Prepared``.

    Returns:
        ``samples`` counts distinct ones, ``class_counts`` and ``majority_rate`` too; ``archive_samples`` counts all. A
        regression has ``target_variance`` instead of classes.
    """
    if raw.targets is not None:
        distinct = int(np.count_nonzero(columns["first"] == np.arange(len(raw.x))))
        sizes = {"channels": raw.x.shape[2], "length": raw.x.shape[1], "outputs": raw.targets.shape[2]}
        return {"samples": distinct, **sizes, "target_variance": float(raw.targets.var(dtype=np.float64)), **_values(raw.x)}
    y, first, classes = columns["y"], columns["first"], columns["classes"]
    distinct = first == np.arange(len(first))
    train = int(np.count_nonzero(~raw.in_test))
    count = lambda rows: dict(zip(classes, np.bincount(y[rows], minlength=len(classes)).tolist(), strict=True))  # noqa: E731
    counts = count(distinct)
    return {
        "samples": int(distinct.sum()),
        "archive_samples": {"train": train, "test": len(y) - train},
        "channels": raw.x.shape[2],
        "length": raw.x.shape[1],
        "outputs": len(classes),
        "class_counts": counts,
        "archive_class_counts": {"train": count(~raw.in_test), "test": count(raw.in_test)},
        "majority_rate": max(counts.values()) / int(distinct.sum()),
        "repeats": {
            "total": int(np.count_nonzero(~distinct)),
            "in_both_parts": int(np.count_nonzero(raw.in_test & ~raw.in_test[first])),
            "with_another_label": int(np.count_nonzero(y != y[first])),
        },
        **_values(raw.x),
    }


def of_recordings(raw: Recordings, length: int) -> dict[str, Any]:
    """Measure recordings: per subject the steps and targets; ``samples`` counts the subjects."""
    return {
        "samples": len(raw.names),
        "channels": raw.signals[0].shape[1],
        "length": length,
        "outputs": 1,
        "recordings": {
            name: {"steps": len(x), "targets": len(y)} for name, x, y in zip(raw.names, raw.signals, raw.targets, strict=True)
        },
        **_values(raw.signals),
    }


def _values(x: Sequence[NDArray[np.float32]] | NDArray[np.float32]) -> dict[str, Any]:
    channels = range(x[0].shape[1])
    low = np.array([np.nanmin(sample, axis=0) for sample in x])
    high = np.array([np.nanmax(sample, axis=0) for sample in x])
    constant = (low == high).all(axis=0)
    return {
        "missing": sum(int(np.count_nonzero(np.isnan(sample))) for sample in x),
        "value_range": [float(low.min()), float(high.max())],
        "channel_ranges": [[float(low[:, c].min()), float(high[:, c].max())] for c in channels],
        "constant_channels": [c for c in channels if constant[c]],
        "lagged_copies": lagged_copies(x),
    }


def check(card: Card, facts: dict[str, Any]) -> None:
    """Compare every expectation of the card with what was measured.

    Raises:
        UserError: the first that differs, with both values.
    """
    for name in ("samples", "archive_samples", "channels", "length", "outputs", "class_counts"):
        expected = getattr(card, name)
        if expected is not None and expected != facts.get(name):
            raise UserError(
                f"{card.name}: {name} is {facts.get(name)} in the files but {expected} in config/tasks/{card.name}.yaml: "
                f"get the right archive, or correct the card."
            )
    if facts["missing"]:
        raise UserError(
            f"{card.name}: {facts['missing']} values are missing, which no model here accepts: get a complete archive."
        )
