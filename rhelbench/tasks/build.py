"""Convert the files' content to a Hugging Face dataset with typed features."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from rhelbench.tasks.card import Card
from rhelbench.tasks.readers.ppg_dalia import Recordings
from rhelbench.tasks.readers.uea import Samples
from rhelbench.tasks.repeats import content_hash, sorted_distinct


def build_labelled(raw: Samples) -> dict[str, Any]:
    """Number the classes in sorted order and find repeated samples.

    Returns:
        ``classes``; ``y``, ``first`` and ``rank`` (n,), int64: label, row of the first copy, and position in
        numpy.unique's order or -1 for a repeat.
    """
    classes, y = np.unique(raw.labels, return_inverse=True)
    order, first = sorted_distinct(raw.x)
    rank = np.full(len(raw.x), -1, np.int64)
    rank[order] = np.arange(len(order))
    return {"classes": classes.tolist(), "y": y.astype(np.int64), "first": first, "rank": rank}


def scale(card: Card, raw: Samples) -> Samples:
    """Scale the targets from the dataset card's ``target_range`` to [-1, 1]; without one they are unchanged."""
    if raw.targets is None or card.target_range is None:
        return raw
    low, high = card.target_range
    return replace(raw, targets=(2 * (raw.targets.astype(float) - low) / (high - low) - 1).astype(np.float32))


def build_samples(card: Card, raw: Samples, columns: dict[str, Any], target: Path) -> str:
    """Write labelled samples, in the files' order, with the columns that splits need.

    Args:
        card: the task's dataset card.
        raw: samples as in the files.
        columns: from ``build_labelled``.
        target: folder to write.

    Returns:
        The data's digest.
    """
    from datasets import ClassLabel, Value

    ids = [content_hash(sample) for sample in raw.x]
    of_targets = [] if raw.targets is None else [[content_hash(sample) for sample in raw.targets]]
    digest = _digest(ids, columns["y"].tolist(), raw.in_test.tolist(), *of_targets)
    table = {
        "x": _rows(raw.x),
        **({} if raw.targets is None else {"targets": _rows(raw.targets)}),
        "label": (pa.array(columns["y"]), ClassLabel(names=columns["classes"])),
        "id": (pa.array(ids), Value("string")),
        "part": (pa.array(raw.in_test.astype(np.int64)), ClassLabel(names=["train", "test"])),
        "first_copy": (pa.array(columns["first"]), Value("int64")),
        "released_rank": (pa.array(columns["rank"]), Value("int64")),
    }
    _write(card, table, digest, target)
    return digest


def build_recordings(card: Card, raw: Recordings, target: Path) -> str:
    """Write one row per subject, signals (steps, channels) and targets as one list each; return the digest."""
    from datasets import List, Value

    ids = [content_hash(x) for x in raw.signals]
    digest = _digest(ids, [content_hash(y) for y in raw.targets])
    table = {
        "name": (pa.array(raw.names), Value("string")),
        "id": (pa.array(ids), Value("string")),
        "steps": (pa.array([len(x) for x in raw.signals]), Value("int64")),
        "target_count": (pa.array([len(y) for y in raw.targets]), Value("int64")),
        "signals": (_lists(raw.signals), List(Value("float32"))),
        "targets": (_lists(raw.targets), List(Value("float32"))),
    }
    _write(card, table, digest, target)
    return digest


def _rows(values: NDArray[np.float32]) -> tuple[pa.FixedSizeListArray, Any]:
    from datasets import List, Value

    width = values.shape[1] * values.shape[2]
    flat = pa.array(np.ascontiguousarray(values).reshape(-1))
    return pa.FixedSizeListArray.from_arrays(flat, width), List(Value("float32"), length=width)


def _lists(rows: Sequence[NDArray[np.float32]]) -> pa.ListArray:
    offsets = np.cumsum([0, *(row.size for row in rows)]).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), pa.array(np.concatenate([row.reshape(-1) for row in rows])))


def _digest(*columns: list[Any]) -> str:
    return hashlib.sha256(json.dumps(columns).encode()).hexdigest()


def _write(card: Card, columns: dict[str, Any], digest: str, target: Path) -> None:
    from datasets import Dataset, DatasetInfo, Features, disable_progress_bars
    from datasets.table import InMemoryTable

    features = Features({name: feature for name, (_, feature) in columns.items()})
    info = DatasetInfo(
        description=card.title,
        citation=card.citation,
        homepage=card.homepage,
        license=card.licence,
        features=features,
        dataset_name=card.name,
        version=version("rhelbench"),
    )
    table = pa.table({name: array for name, (array, _) in columns.items()}, schema=features.arrow_schema)
    disable_progress_bars()
    Dataset(InMemoryTable(table), info=info, fingerprint=digest[:16]).save_to_disk(str(target), num_shards=1)
