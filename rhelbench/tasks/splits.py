"""Splits into training, validation and test samples: computed from the seed, recorded by content."""

import hashlib
import json
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rhelbench.contract import OUTPUT_STEP
from rhelbench.errors import UserError, unknown_name
from rhelbench.seeds import generator, threefry
from rhelbench.tasks.card import Card
from rhelbench.tasks.repeats import content_hash
from rhelbench.tasks.store import Prepared

Rows = NDArray[np.int64]
#: Fractions of all samples at which training and validation parts end (paper, appendix).
CUTS = (0.7, 0.85)
KINDS = ("content_hash", "released", "archive")
PARTS = ("train", "val", "test")

#: The six temporal orders of a recording's parts.
ORDERS = (
    ("train", "val", "test"),
    ("train", "test", "val"),
    ("val", "train", "test"),
    ("test", "train", "val"),
    ("val", "test", "train"),
    ("test", "val", "train"),
)
_PERCENT = {"train": 70, "val": 15, "test": 15}
#: Windows advance by a tenth of their length.
STRIDES = 10


@dataclass(frozen=True)
class Split:
    """Rows of ``Prepared.x`` for each part; ``targets`` are rows of ``Prepared.y`` (equal for labelled samples).

    ``digest`` is the SHA-256 of the parts' sample ids, so equal splits of equal data have equal digests.
    """

    train: Rows
    val: Rows
    test: Rows
    targets: dict[str, Rows]
    digest: str


def held_out(task: Card) -> int:
    """Return the number of test samples of a classification task."""
    return task.samples - int(CUTS[1] * task.samples)


def split(prepared: Prepared, kind: str, seed: int) -> Split:
    """Split a task 70/15/15.

    content_hash: per class, distinct samples ordered by SHA-256(seed in decimal ‖ bytes), cut at int(0.7 n_c) and
    int(0.85 n_c).
    released: the released code's split, JAX's permutation of the distinct samples in sorted order, cut at
    int(0.7 n) and int(0.85 n).
    archive: the archive's test file; its train file's distinct samples, ordered as above, cut at int(0.8 n_c) for
    validation.
    Recordings: each subject cut by time in one of ORDERS, chosen by the seed; windows of L time steps, L/10 apart.

    Args:
        prepared: the task.
        kind: one of KINDS, the run's ``switches.split``.
        seed: the run's seed.

    Raises:
        UserError: an unknown kind, ``archive`` for a task without predefined parts, or a part without samples or windows.

    Source:
        Paper, appendix on data sets and training; row 12 of docs/deviations.md.
    """
    if kind not in KINDS:
        raise unknown_name("split", kind, list(KINDS))
    if kind == "archive" and not prepared.in_test.any():
        raise UserError(f"Task {prepared.card.name} has no train and test parts of its own: choose another split than 'archive'.")
    if prepared.recordings:
        return _recordings(prepared, kind, seed)
    distinct = prepared.first == np.arange(len(prepared.first))
    if kind == "released":
        drawn = prepared.released_order[released_permutation(seed, len(prepared.released_order))]
        rows = _cut(drawn, *(int(cut * len(drawn)) for cut in CUTS))
    elif kind == "content_hash":
        rows = _by_class(prepared, np.flatnonzero(distinct), seed, *CUTS)
    else:
        rows = _by_class(prepared, np.flatnonzero(distinct & ~prepared.in_test), seed, 0.8, 1.0)
        rows["test"] = np.flatnonzero(prepared.in_test)
    empty = [part for part in PARTS if not len(rows[part])]
    if empty:
        raise UserError(
            f"Task {prepared.card.name}: its {int(distinct.sum())} distinct samples are too few for the split '{kind}', which "
            f"leaves none for {empty[0]}: choose another split, or a task with more samples."
        )
    return _named(prepared, rows, rows)


def released_permutation(seed: int, n: int, partitionable: bool = True) -> Rows:
    """Return the released code's permutation of n samples.

    Its key is the first of two keys from the first of four keys of the seed.
    """
    data_key = threefry.split(threefry.key(seed), 4, partitionable)[0]
    return threefry.permutation(threefry.split(data_key, 2, partitionable)[0], n, partitionable)


def arrays(prepared: Prepared, split: Split, part: str, time_channel: bool) -> tuple[NDArray[np.float32], NDArray[Any]]:
    """Return one part as new arrays, in the split's order.

    Args:
        prepared: the task.
        split: of the same task.
        part: ``"train"``, ``"val"`` or ``"test"``.
        time_channel: prepend t/L as a channel.

    Returns:
        x (n, L, d or d + 1), float32, C order; y: labels (n,), int64, or targets (n, K, c), float32.
    """
    rows: Rows = getattr(split, part)
    x = np.empty((len(rows), prepared.card.length, prepared.card.channels + time_channel), np.float32)
    if time_channel:
        x[:, :, 0] = clock(prepared.card.length)
    for target, row in zip(x, rows, strict=True):  # one at a time: fancy indexing would copy all windows
        target[:, int(time_channel) :] = prepared.x[row]
    return x, np.ascontiguousarray(prepared.y[split.targets[part]])


def clock(length: int) -> NDArray[np.float32]:
    """Return t/L for t = 0..L-1, in [0, 1), float32."""
    return (np.arange(length) / length).astype(np.float32)


def to_ids(prepared: Prepared, split: Split) -> dict[str, list[str]]:
    """Return the sample ids of each part, in order."""
    return {part: prepared.sample_ids(getattr(split, part)) for part in PARTS}


def _cut(rows: Rows, first: int, second: int) -> dict[str, Rows]:
    return dict(zip(PARTS, np.split(rows, [first, second]), strict=True))


def _by_class(prepared: Prepared, rows: Rows, seed: int, first: float, second: float) -> dict[str, Rows]:
    parts: dict[str, list[Rows]] = {part: [] for part in PARTS}
    groups = [rows[prepared.y[rows] == label] for label in range(len(prepared.classes))]
    for members in groups or [rows]:  # a regression is split as one class
        hashes = [content_hash(prepared.x[row], prefix=str(seed)) for row in members]
        ordered = members[np.argsort(np.array(hashes), kind="stable")]
        for part, chosen in _cut(ordered, int(first * len(ordered)), int(second * len(ordered))).items():
            parts[part].append(chosen)
    return {part: np.sort(np.concatenate(chosen)) for part, chosen in parts.items()}


def check_windows(card: Card, targets: dict[str, int]) -> None:
    """Check that windows and their targets can advance together, and that each subject has one in each part.

    Args:
        card: of a task of recordings.
        targets: number of targets by subject, one per OUTPUT_STEP time steps.

    Raises:
        UserError: the dataset card's length is no multiple of STRIDES targets, or longer than a subject's smallest part.
    """
    where, unit = f"config/tasks/{card.name}.yaml", STRIDES * OUTPUT_STEP
    if card.kind != "regression" or card.output_step != OUTPUT_STEP:
        raise UserError(
            f"{where}: recordings have one target per {OUTPUT_STEP} steps: set kind: regression and no other output_step."
        )
    if card.length % unit:
        raise UserError(
            f"{where}: length is {card.length}, but windows move on by a tenth of their length and by whole targets, one per "
            f"{OUTPUT_STEP} steps: choose a multiple of {STRIDES} x {OUTPUT_STEP} = {unit} steps."
        )
    for subject, count in targets.items():
        if _smallest(count) < card.length // OUTPUT_STEP:
            raise _too_long(card, subject, _smallest(count))


def _smallest(targets: int) -> int:
    """Return the smallest number of targets in any part of a subject, in any order."""
    edges = [np.cumsum([0, *(_PERCENT[part] for part in order)]) for order in ORDERS]
    return min(int(high / 100 * targets) - int(low / 100 * targets) for edge in edges for low, high in pairwise(edge))


def _too_long(card: Card, subject: str, targets: int) -> UserError:
    return UserError(
        f"{card.name}: a part of subject {subject} has {targets * OUTPUT_STEP} steps but length is {card.length} in "
        f"config/tasks/{card.name}.yaml, so that it holds no window: choose a shorter length."
    )


def _recordings(prepared: Prepared, kind: str, seed: int) -> Split:
    length, count, step = prepared.card.length, prepared.card.length // OUTPUT_STEP, OUTPUT_STEP
    check_windows(prepared.card, {recording.name: recording.targets for recording in prepared.recordings})
    x: dict[str, list[Rows]] = {part: [] for part in PARTS}
    y: dict[str, list[Rows]] = {part: [] for part in PARTS}
    for recording in prepared.recordings:
        draw = generator(f"cut/{recording.name}", prepared.card.name, seed, seed)
        order = ORDERS[draw.integers(len(ORDERS))]
        edges = np.cumsum([0, *(_PERCENT[part] for part in order)])
        for part, low, high in zip(order, edges[:-1], edges[1:], strict=True):
            # The released code cuts signals and targets at separate percentages, up to `step` samples apart.
            targets = (int(low / 100 * recording.targets), int(high / 100 * recording.targets))
            released = (int(low / 100 * recording.steps), int(high / 100 * recording.steps))
            steps = released if kind == "released" else (step * targets[0], step * targets[1])
            stop = min(steps[1], recording.steps)
            windows = min(_windows(stop - steps[0], length), _windows(targets[1] - targets[0], count))
            if not windows:
                raise _too_long(prepared.card, recording.name, (stop - steps[0]) // step)
            x[part].append(recording.start + steps[0] + np.arange(windows) * (length // STRIDES))
            y[part].append(recording.target_start + targets[0] + np.arange(windows) * (count // STRIDES))
    join = lambda parts: {part: np.concatenate(rows) for part, rows in parts.items()}  # noqa: E731
    return _named(prepared, join(x), join(y))


def _windows(available: int, length: int) -> int:
    return max(0, (available - length) // (length // STRIDES) + 1)


def _named(prepared: Prepared, rows: dict[str, Rows], targets: dict[str, Rows]) -> Split:
    ids = json.dumps({part: prepared.sample_ids(rows[part]) for part in PARTS})
    return Split(**rows, targets=targets, digest=hashlib.sha256(ids.encode()).hexdigest())
