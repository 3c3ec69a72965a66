"""Files that are either complete or absent."""

import os
from pathlib import Path


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
