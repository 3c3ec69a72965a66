"""From what the files hold to a Hugging Face data set with typed features."""

import hashlib
import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from rhelbench.tasks.card import Card
from rhelbench.tasks.readers.uea import Samples
from rhelbench.tasks.repeats import content_hash, sorted_distinct


def samples(card: Card, raw: Samples, target: Path) -> dict[str, Any]:
    """Write labelled samples, in the files' order, with what the splits need to know about each.

    Args:
        card: the task's card.
        raw: samples as the files hold them.
        target: folder to write.

    Returns:
        ``classes``, ``digest`` and the columns ``y``, ``first``, ``in_test`` for the facts.
    """
    from datasets import ClassLabel, Features, List, Value

    n = len(raw.x)
    order, first = sorted_distinct(raw.x)
    rank = np.full(n, -1, np.int64)
    rank[order] = np.arange(len(order))
    classes, y = np.unique(raw.labels, return_inverse=True)
    ids = [content_hash(sample) for sample in raw.x]
    width = raw.x.shape[1] * raw.x.shape[2]
    columns = {
        "x": (pa.FixedSizeListArray.from_arrays(pa.array(raw.x.reshape(-1)), width), List(Value("float32"), length=width)),
        "label": (pa.array(y), ClassLabel(names=classes.tolist())),
        "id": (pa.array(ids), Value("string")),
        "part": (pa.array(raw.in_test.astype(np.int64)), ClassLabel(names=["train", "test"])),
        "first_copy": (pa.array(first), Value("int64")),
        "released_rank": (pa.array(rank), Value("int64")),
    }
    digest = _digest(ids, y.tolist(), raw.in_test.tolist())
    _write(card, columns, Features({name: feature for name, (_, feature) in columns.items()}), digest, target)
    return {"classes": classes.tolist(), "digest": digest, "y": y, "first": first, "in_test": raw.in_test}


def _digest(*columns: list[Any]) -> str:
    return hashlib.sha256(json.dumps(columns).encode()).hexdigest()


def _write(card: Card, columns: dict[str, Any], features: Any, digest: str, target: Path) -> None:
    from datasets import Dataset, DatasetInfo, disable_progress_bars
    from datasets.table import InMemoryTable

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
