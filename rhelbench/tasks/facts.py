"""Measured properties of a task's files, which are checked against the dataset card."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rhelbench.errors import UserError
from rhelbench.tasks.card import Card
from rhelbench.tasks.lags import lagged_copies
from rhelbench.tasks.readers.ppg_dalia import Recordings
from rhelbench.tasks.readers.uea import Samples

#: Fields that the dataset card expects and the page shows, in order of comparison.
EXPECTED = ("samples", "archive_samples", "channels", "length", "outputs", "class_counts")


def sizes(raw: Samples) -> dict[str, Any]:
    """Return the sizes of samples, by the names of the dataset card's fields."""
    test = int(np.count_nonzero(raw.in_test))
    parts = {"archive_samples": {"train": len(raw.x) - test, "test": test}} if raw.targets is None or test else {}
    outputs = {} if raw.targets is None else {"outputs": raw.targets.shape[2]}
    return {**parts, "channels": raw.x.shape[2], "length": raw.x.shape[1], **outputs}


def sample_facts(raw: Samples, columns: dict[str, Any]) -> dict[str, Any]:
    """Measure labelled samples.

    Args:
        raw: samples as in the files, n in all.
        columns: ``classes``; ``y`` and ``first`` (n,), as in ``store.Prepared``.

    Returns:
        ``samples``, ``class_counts`` and ``majority_rate`` count distinct samples; ``archive_samples`` counts all. A
        regression has ``target_variance`` instead of classes.
    """
    if raw.targets is not None:
        distinct, first = columns["first"] == np.arange(len(raw.x)), columns["first"]
        variance = float(raw.targets.var(dtype=np.float64))
        repeats = {"repeats": _repeats(raw, first, (raw.targets != raw.targets[first]).any((1, 2)))} if raw.in_test.any() else {}
        return {"samples": int(distinct.sum()), **sizes(raw), "target_variance": variance, **repeats, **_values(raw.x)}
    y, first, classes = columns["y"], columns["first"], columns["classes"]
    distinct = first == np.arange(len(first))
    counts = _counts(y[distinct], classes)
    return {
        "samples": int(distinct.sum()),
        **sizes(raw),
        "outputs": len(classes),
        "class_counts": counts,
        "archive_class_counts": {"train": _counts(y[~raw.in_test], classes), "test": _counts(y[raw.in_test], classes)},
        "majority_rate": max(counts.values()) / int(distinct.sum()),
        "repeats": _repeats(raw, first, y != y[first]),
        **_values(raw.x),
    }


def recording_facts(raw: Recordings, length: int) -> dict[str, Any]:
    """Measure recordings: time steps and targets per subject; ``samples`` counts the subjects."""
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


def _counts(y: NDArray[np.int64], classes: list[str]) -> dict[str, int]:
    return dict(zip(classes, np.bincount(y, minlength=len(classes)).tolist(), strict=True))


def _repeats(raw: Samples, first: NDArray[np.int64], other: NDArray[np.bool_]) -> dict[str, int]:
    return {
        "total": int(np.count_nonzero(first != np.arange(len(first)))),
        "in_both_parts": int(np.count_nonzero(raw.in_test & ~raw.in_test[first])),
        "with_another_label": int(np.count_nonzero(other)),
    }


def check_samples(card: Card, raw: Samples) -> None:
    """Compare kind and sizes with the dataset card, then check the values.

    Raises:
        UserError: a different kind or size; missing or infinite values or targets, with their number and the first
            position; targets beyond a model's range.
    """
    card.compare({"kind": "classification" if raw.targets is None else "regression", **sizes(raw)})
    _check_finite(card, raw, raw.x, "values")
    if raw.targets is None:
        return
    _check_finite(card, raw, raw.targets, "targets")
    asked = card.length // card.output_step
    if raw.targets.shape[1] != asked:
        raise UserError(
            f"{card.name}: there are {raw.targets.shape[1]} targets per sample but output_step {card.output_step} of "
            f"config/tasks/{card.name}.yaml asks for {asked} in {card.length} steps: correct the card."
        )
    low, high = float(raw.targets.min()), float(raw.targets.max())
    if low < -1 or high > 1:
        raise UserError(
            f"{card.name}: its targets reach from {low:.6g} to {high:.6g}, but a model answers within [-1, 1]: name the range in "
            f"config/tasks/{card.name}.yaml, for example target_range: [{low:.6g}, {high:.6g}]."
        )


def _check_finite(card: Card, raw: Samples, values: NDArray[np.float32], what: str) -> None:
    wrong = ~np.isfinite(values)
    if not wrong.any():
        return
    missing = np.isnan(values)
    found, cause = (missing, "missing") if missing.any() else (wrong, "infinite or too large for single precision")
    row, step, channel = np.argwhere(found)[0]
    part, base = ("test", np.argmax(raw.in_test)) if raw.in_test[row] else ("train", 0)
    place = f"sample {row - base + 1} of the {part} part" + (
        f", channel {channel + 1}, step {step + 1}" if what == "values" else ""
    )
    raise UserError(
        f"{card.name}: {np.count_nonzero(found)} {what} are {cause} (the first: {place}), which no model here accepts: get a "
        f"complete archive."
    )


def check(card: Card, facts: dict[str, Any]) -> None:
    """Compare all expectations of the dataset card with the measured values.

    Raises:
        UserError: the first difference, with both values.
    """
    card.compare({name: facts.get(name) for name in EXPECTED})
