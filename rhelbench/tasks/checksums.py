"""SHA-256 of archives: checked against the dataset card, or recorded on first use."""

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
    """Return the lock file with SHA-256 and size from first use; one per archive, for parallel downloads."""
    return archives / f"{task}.lock.json"


def accept(card: Card, path: Path, where: str, archives: Path, first_use: bool) -> str:
    """Check an archive by its SHA-256.

    A packaging in the dataset card is accepted. Otherwise it must match the lock file. Without a lock file it is
    recorded if ``first_use`` is True, or if the dataset card lists no packaging.

    Args:
        card: the task's dataset card.
        path: the archive.
        where: its origin, for the error message and the lock file.
        archives: folder of the lock files.
        first_use: whether an unlisted packaging may be recorded.

    Returns:
        The SHA-256.

    Raises:
        UserError: it differs from dataset card or lock file; both values are named.
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
