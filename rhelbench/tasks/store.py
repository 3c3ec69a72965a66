"""The prepared tasks on disk: one memory-mapped Hugging Face dataset each, read without copying.

    prepared = load("BasicMotions", "data")           # after: python -m rhelbench prepare --task BasicMotions
    prepared.x                                        # (n, L, d) float32, a view of the file, repeats included
    part = split(prepared, "released", 2345)          # rhelbench.tasks.splits
    x, y = arrays(prepared, part, "train", time_channel=True)

Layout of ``data/prepared/<task>/``: ``store/`` (the dataset), ``facts.json``, ``facts.html``, ``examples.png``,
``splits/<kind>-<seed>.json``. ``facts.json`` is written last and marks a prepared task; it has the SHA-256 of the
store's files.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from rhelbench.contract import OUTPUT_STEP
from rhelbench.errors import UserError
from rhelbench.files import read_json
from rhelbench.tasks import verified
from rhelbench.tasks.card import Card
from rhelbench.tasks.card import load as load_card


@dataclass(frozen=True)
class Recording:
    """One subject of a task of recordings: its name and its position in the concatenated arrays.

    Args:
        name: for example ``"S1"``.
        start: its first sample in the signals.
        steps: number of samples, at 64 Hz.
        target_start: its first value in the targets.
        targets: number of target values, one per OUTPUT_STEP samples.
    """

    name: str
    start: int
    steps: int
    target_start: int
    targets: int


@dataclass(frozen=True)
class Prepared:
    """A prepared task.

    Args:
        card: the task's dataset card.
        x: samples (n, L, d), float32, in the files' order (train, then test), with repeats. For recordings: a strided
            view of all windows of L time steps; n counts the possible starts.
        y: labels (n,), int64, or targets (n, K, c), float32. For recordings: a strided view of all windows of targets
            (m, L // OUTPUT_STEP, 1), float32.
        ids: SHA-256 of each sample's little-endian float32 bytes; for recordings, of each subject's.
        classes: class names by label; empty for a regression.
        in_test: (n,) bool, whether the sample is from the archive's test file.
        first: (n,) row of the first copy of each sample; ``first == arange(n)`` marks the distinct ones.
        released_order: (m,) rows of the distinct samples in the order of numpy.unique(axis=0).
        recordings: the subjects of a task of recordings, else empty.
        digest: SHA-256 of ids, labels and parts: stores with equal digests have equal data.
    """

    card: Card
    x: NDArray[np.float32]
    y: NDArray[Any]
    ids: tuple[str, ...]
    classes: tuple[str, ...]
    in_test: NDArray[np.bool_]
    first: NDArray[np.int64]
    released_order: NDArray[np.int64]
    recordings: tuple[Recording, ...]
    digest: str

    def sample_ids(self, rows: NDArray[np.int64]) -> list[str]:
        """Return the ids of rows of ``x``; a window's id is its subject and first time step, for example ``S1+4992``."""
        if not self.recordings:
            return [self.ids[row] for row in rows]
        starts = np.array([recording.start for recording in self.recordings])
        owners = np.searchsorted(starts, rows, side="right") - 1
        return [f"{self.recordings[o].name}+{row - starts[o]}" for o, row in zip(owners, rows, strict=True)]


def folder(task: str, data_dir: str | Path) -> Path:
    """Return ``<data_dir>/prepared/<task>``."""
    return Path(data_dir) / "prepared" / task


def preparing_command(task: str, data_dir: str | Path) -> str:
    """Return the command that prepares a task, for an error message."""
    return f"run `python -m rhelbench prepare --task {task} --data {data_dir}`"


def read_facts(task: str, data_dir: str | Path) -> dict[str, Any]:
    """Return the facts of a prepared task, without reading its store.

    Raises:
        UserError: the task is not prepared there, or from another dataset card, or the facts are damaged.
    """
    card, home, remedy = load_card(task), folder(task, data_dir), preparing_command(task, data_dir)
    try:
        facts = read_json(home / "facts.json", remedy, ("card", "classes", "digest"))
    except OSError as error:
        raise UserError(f"Task {task} is not prepared in {home}: {remedy}.") from error
    if facts["card"] != card.digest():
        raise UserError(f"Task {task} in {home} was prepared from another task card than today's: {remedy}.")
    if "store" not in facts:
        raise UserError(f"Task {task} in {home} was prepared by an earlier version, which did not record its files: {remedy}.")
    return facts


def load(task: str, data_dir: str | Path = "data") -> Prepared:
    """Open a prepared task with verified files (``rhelbench.tasks.verified``).

    Args:
        task: the task's name.
        data_dir: the folder of ``prepare``.

    Raises:
        UserError: the task is not prepared there, or from another dataset card, or its files are damaged or of another
            task.
    """
    card, home = load_card(task), folder(task, data_dir)
    facts = read_facts(task, data_dir)
    verified.check(home, facts["store"], preparing_command(task, data_dir))

    from datasets import load_from_disk  # takes 1.4 s to import

    try:
        table = load_from_disk(str(home / "store")).data
    except (OSError, ValueError) as error:
        raise UserError(f"Task {task} in {home} can't be opened ({error}): {preparing_command(task, data_dir)}.") from error
    if "recordings" not in facts:
        return _samples(card, table, facts)
    return _recordings(card, table, facts)


def _values(table: Any, name: str) -> NDArray[Any]:
    """Read a column with lists flattened: a view of the file if it is one chunk (up to 1,000 samples), else a copy."""
    chunks = [chunk.flatten() if "list" in str(chunk.type) else chunk for chunk in table.column(name).chunks]
    arrays = [chunk.to_numpy(zero_copy_only=False) for chunk in chunks]
    return arrays[0] if len(arrays) == 1 else np.concatenate(arrays)


def _samples(card: Card, table: Any, facts: dict[str, Any]) -> Prepared:
    rank = _values(table, "released_rank")
    order = np.argsort(rank, kind="stable")[np.count_nonzero(rank < 0) :]
    if card.kind == "classification":
        y = _values(table, "label")
    else:
        y = _values(table, "targets").reshape(-1, card.length // card.output_step, card.outputs)
    return Prepared(
        card=card,
        x=_values(table, "x").reshape(-1, card.length, card.channels),
        y=y,
        ids=tuple(table.column("id").to_pylist()),
        classes=tuple(facts["classes"]),
        in_test=_values(table, "part") == 1,
        first=_values(table, "first_copy"),
        released_order=order,
        recordings=(),
        digest=facts["digest"],
    )


def _recordings(card: Card, table: Any, facts: dict[str, Any]) -> Prepared:
    signals = _values(table, "signals").reshape(-1, card.channels)
    targets = _values(table, "targets")
    columns = {name: table.column(name).to_pylist() for name in ("name", "steps", "target_count", "id")}
    starts = np.cumsum([0, *columns["steps"]]).tolist()
    target_starts = np.cumsum([0, *columns["target_count"]]).tolist()
    recordings = zip(columns["name"], starts, columns["steps"], target_starts, columns["target_count"], strict=False)
    windows = sliding_window_view(signals, card.length, axis=0).transpose(0, 2, 1)
    none = np.zeros(0, np.int64)
    return Prepared(
        card=card,
        x=windows,
        y=sliding_window_view(targets, card.length // OUTPUT_STEP)[:, :, None],
        ids=tuple(columns["id"]),
        classes=(),
        in_test=none.astype(bool),
        first=none,
        released_order=none,
        recordings=tuple(Recording(*row) for row in recordings),
        digest=facts["digest"],
    )
