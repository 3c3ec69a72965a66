"""A store is what was prepared: its files' SHA-256 against the facts, once per machine and state of the files."""

import json
import socket
from contextlib import suppress
from pathlib import Path

from rhelbench.errors import UserError
from rhelbench.files import write_atomically
from rhelbench.tasks.checksums import sha256


def digests(store: Path) -> dict[str, str]:
    """Return the SHA-256 of every file of a store, by its name."""
    return {path.name: sha256(path) for path in sorted(store.iterdir())}


def check(home: Path, expected: dict[str, str], how: str) -> None:
    """Compare a prepared task's store with its facts.

    Files that this machine has found right and that did not change since are not read again. Others in the folder, such as the
    caches that the datasets library leaves there, do not matter.

    Args:
        home: ``data/prepared/<task>``.
        expected: ``digests`` of the store when it was prepared.
        how: what prepares it anew, for the sentence.

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
    with suppress(OSError):  # where one may not write, it is read each time
        write_atomically(seen, state)


def _state(store: Path) -> list[list[object]]:
    """Return what the file system knows of the files: it changes when one is written or replaced."""
    files = sorted(store.iterdir()) if store.is_dir() else []
    return [
        [path.name, info.st_size, info.st_mtime_ns, info.st_ctime_ns, info.st_ino] for path in files for info in [path.stat()]
    ]
