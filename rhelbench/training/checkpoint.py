"""A run's state on disk: complete and durable; the previous one is removed only afterwards."""

import hashlib
import io
import json
from pathlib import Path
from typing import Any

import numpy as np

from rhelbench.contract import Arrays
from rhelbench.files import sync_folder, write_atomically

_CURRENT, _PREVIOUS = "checkpoint", "checkpoint.previous"


class Checkpoints:
    """The checkpoints of one run, in a folder outside the workflow engine's control.

    A file is one line, the SHA-256 of the rest, and an uncompressed npz without pickles. The npz has the
    arrays, and the facts as JSON bytes.

    Args:
        folder: ``scratch/<run_id>``.
        identity: run id, code and data; a checkpoint with another identity is ignored.
    """

    def __init__(self, folder: Path, identity: str) -> None:
        self._folder, self._identity = folder, identity

    def save(self, facts: dict[str, Any], arrays: Arrays) -> None:
        """Write a checkpoint and make it the current one; the former current one becomes the previous one.

        Args:
            facts: JSON values; floats are restored exactly.
            arrays: by name, any dtype but object.

        Raises:
            OSError: the disk is full; the former checkpoints are unchanged.
        """
        text = json.dumps({"identity": self._identity, **facts})
        body = io.BytesIO()
        np.savez(body, allow_pickle=False, **{"facts": np.frombuffer(text.encode(), np.uint8), **arrays})
        content = body.getvalue()
        new = self._folder / "checkpoint.new"
        write_atomically(new, hashlib.sha256(content).hexdigest().encode() + b"\n" + content, durable=True)
        current = self._folder / _CURRENT
        if current.exists():
            current.replace(self._folder / _PREVIOUS)
        new.replace(current)
        sync_folder(self._folder)

    def load(self) -> tuple[dict[str, Any], Arrays] | None:
        """Return the newest undamaged checkpoint of this identity as (facts, arrays), or None."""
        for name in (_CURRENT, _PREVIOUS):
            loaded = _read(self._folder / name)
            if loaded is not None and loaded[0].pop("identity") == self._identity:
                return loaded
        return None

    def clear(self) -> None:
        """Remove all checkpoints, once the run has its record."""
        for name in (_CURRENT, _PREVIOUS):
            (self._folder / name).unlink(missing_ok=True)


def _read(path: Path) -> tuple[dict[str, Any], Arrays] | None:
    """Return a file's content, or None if it is missing or its digest does not match."""
    if not path.exists():
        return None
    digest, _, content = path.read_bytes().partition(b"\n")
    if hashlib.sha256(content).hexdigest().encode() != digest:
        return None
    with np.load(io.BytesIO(content), allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    return json.loads(arrays.pop("facts").tobytes()), arrays
