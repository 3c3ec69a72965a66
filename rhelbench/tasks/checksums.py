"""SHA-256 of archives: checked against the card when known, recorded on first use when not."""

import hashlib
import json
from pathlib import Path

from rhelbench.errors import UserError
from rhelbench.files import read_json, write_atomically
from rhelbench.tasks.card import Card


def sha256(path: Path) -> str:
    """Return the hexadecimal SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def lock_file(archives: Path, task: str) -> Path:
    """Return the lock file: SHA-256 and size of an archive's first use. Each has its own, as jobs fetch them side by side."""
    return archives / f"{task}.lock.json"


def accept(card: Card, path: Path, where: str, archives: Path, first_use: bool) -> str:
    """Judge an archive by its SHA-256.

    A packaging listed in the card is good. Another one must be the one in the lock file; with nothing recorded yet it is
    recorded if ``first_use`` allows, or if the card lists none at all.

    Args:
        card: the task's card.
        path: the archive.
        where: where it came from, for the message and the lock file.
        archives: folder of the lock files.
        first_use: an unlisted packaging may be recorded.

    Returns:
        The SHA-256.

    Raises:
        UserError: it is another file than the card or the lock file says; both values are named.
    """
    found, name = sha256(path), str(card.source.archive)
    listed = [checksum.sha256 for checksum in card.source.checksums]
    if found in listed:
        return found
    lock = lock_file(archives, card.name)
    if lock.exists():
        recorded = read_json(lock, "download the archive again", ("sha256",))["sha256"]
        if recorded == found:
            return found
        raise UserError(
            f"{name} from {where} has SHA-256 {found}, but {lock} recorded {recorded} on first use: get the same file again, or "
            "delete that lock file to accept the new one."
        )
    if listed and not first_use:
        raise UserError(
            f"{name} from {where} has SHA-256 {found}, but the card lists {' and '.join(listed)}: get another copy, or add the "
            f"value to source.checksums of config/tasks/{card.name}.yaml if you trust this one."
        )
    recorded = {"archive": name, "sha256": found, "size": path.stat().st_size, "from": where}
    write_atomically(lock, json.dumps(recorded, indent=1) + "\n", durable=True)
    return found
