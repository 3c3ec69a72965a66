"""Verify a store by its files' SHA-256, once per host and state of the files."""

import json
import socket
from contextlib import suppress
from pathlib import Path

from rhelbench.errors import UserError
from rhelbench.files import write_atomically
from rhelbench.tasks.checksums import sha256


def digests(store: Path) -> dict[str, str]:
    """Return the SHA-256 of every file of a store, by name."""
    return {path.name: sha256(path) for path in sorted(store.iterdir())}


def check(home: Path, expected: dict[str, str], how: str) -> None:
    """Compare a prepared task's store with its facts.

    Files that this host has verified and that have not changed since are not read again. Other files in the
    folder, such as caches of the datasets library, are ignored.

    Args:
        home: ``data/prepared/<task>``.
        expected: ``digests`` of the store when it was prepared.
        how: command that prepares it, for the error message.

    Raises:
        UserError: a file is missing, changed, or of another store.
    """
    seen = home / "verified" / f"{socket.gethostname()}.json"
    state = json.dumps([expected, _state(home / "store")])
    with suppress(OSError):
        if seen.read_text() == state:
            return
    for name, digest in expected.items():
        path = home / "store" / name
        if not path.is_file():
            raise UserError(f"{path} is missing: {how}.")
        if sha256(path) != digest:
            raise UserError(f"{path} is not the file that was prepared (its SHA-256 is another one): {how}.")
    with suppress(OSError):  # without write permission, files are read each time
        write_atomically(seen, state)


def _state(store: Path) -> list[list[object]]:
    """Return the file system's state of the files, which changes when one is written or replaced."""
    files = sorted(store.iterdir()) if store.is_dir() else []
    return [
        [path.name, info.st_size, info.st_mtime_ns, info.st_ctime_ns, info.st_ino] for path in files for info in [path.stat()]
    ]
