"""Files that are either complete or absent, and one sentence where something else damaged one."""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rhelbench.errors import UserError

if TYPE_CHECKING:
    import pandas as pd


def write_atomically(path: Path, content: str | bytes, durable: bool = False) -> None:
    """Write to a temporary name beside ``path`` and rename: a reader sees the old content or the new, never a part.

    Args:
        path: where to; its folder is made.
        content: text (UTF-8) or bytes.
        durable: also flush to the disk before and after the rename, so that a power cut leaves one of the two.

    Raises:
        OSError: the disk is full or the folder read-only; nothing half-written stays.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    if durable:
        sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Flush a folder's entries, that is its renames, to the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def read_json(path: Path, remedy: str, keys: Sequence[str] = ()) -> dict[str, Any]:
    """Return what a JSON file holds.

    Args:
        path: the file.
        remedy: what to do beside deleting it if it is damaged, for the sentence.
        keys: names that must be in it.

    Raises:
        UserError: it is no JSON, or lacks a name.
        OSError: it can't be read.
    """
    try:
        content = json.loads(path.read_bytes())
        if not isinstance(content, dict):
            raise ValueError("it holds no names and values")
        _need(keys, content)
    except ValueError as error:
        raise _damaged(path, error, remedy) from error
    return content


def read_csv(path: Path, remedy: str, columns: Sequence[str] = (), **options: Any) -> "pd.DataFrame":
    """Return the table in a CSV file, read with the options of ``pandas.read_csv``; see :func:`read_json`."""
    import pandas as pd  # not needed for training, which this file is part of

    try:
        table: pd.DataFrame = pd.read_csv(path, **options)
        _need(columns, table.columns)
    except ValueError as error:
        raise _damaged(path, error, remedy) from error
    return table


def _need(names: Sequence[str], found: Any) -> None:
    if absent := [name for name in names if name not in found]:
        raise ValueError(f"it lacks {', '.join(absent)}")


def _damaged(path: Path, error: ValueError, remedy: str) -> UserError:
    return UserError(f"{path} is damaged ({' '.join(str(error).split())}): delete it and {remedy}.")
