"""Download an archive from a mirror or its addresses, check it, and store it atomically.

It is the only part that needs a network.
"""

import errno
import os
import re
import shutil
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, cast
from urllib.parse import unquote, urlsplit

import pooch
import requests
from tqdm import tqdm

from rhelbench import lock
from rhelbench.errors import UserError
from rhelbench.tasks import checksums
from rhelbench.tasks.card import Card

#: Number of retries of a failed transfer, after 1, 2, 3 seconds.
RETRIES = 3
#: Timeout of a connection without data, in seconds.
TIMEOUT = 30
#: Errors of a full disk, which no other address can solve.
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)


def archive_path(card: Card, data_dir: str | Path) -> Path:
    """Return ``<data_dir>/archives/<task>.zip``, whatever the archive's name at its source."""
    return Path(data_dir) / "archives" / f"{card.name}.zip"


def fetch(card: Card, data_dir: str | Path, mirrors: Sequence[str] = ()) -> Path:
    """Ensure that a task's archive exists and is the right one.

    Sources in order: ``RHELBENCH_MIRROR``, ``mirrors``, the dataset card's addresses. After a failed transfer the
    next source is tried. An archive with an unexpected SHA-256 is an error.

    Args:
        card: the task's dataset card, with ``source.archive``.
        data_dir: folder of archives and prepared tasks.
        mirrors: folders or URLs with files named like ``source.archive``.

    Returns:
        The archive's path.

    Raises:
        UserError: no source has it, or its SHA-256 is neither listed nor the one recorded on first use.
    """
    target = archive_path(card, data_dir)
    if not target.exists():
        with lock.exclusive(Path(data_dir) / "locks" / f"{card.name}.zip", wait=True, work="downloaded"):
            if not target.exists():
                return _fetch(card, target, mirrors)
    checksums.accept(card, target, str(target), target.parent, first_use=False)
    return target


def _fetch(card: Card, target: Path, mirrors: Sequence[str]) -> Path:
    incoming = target.parent / f".incoming-{card.name}"
    shutil.rmtree(incoming, ignore_errors=True)  # left by a killed process
    reasons = []
    try:
        incoming.mkdir(parents=True)
        for place, first_use in _places(card, mirrors):
            file, shown = incoming / target.name, public(place)
            try:
                _transfer(place, file, card.name)
            except (OSError, requests.RequestException, ValueError) as error:
                if getattr(error, "errno", None) in FULL:
                    raise UserError(f"{shown} does not fit into {incoming} ({error}): make room and try again.") from error
                reasons.append(f"{shown}: {public(_brief(error))}")
                continue
            if not zipfile.is_zipfile(file):
                reasons.append(f"{shown}: {_not_a_zip(file)}")
                continue
            checksums.accept(card, file, shown, target.parent, first_use)
            file.replace(target)
            return target
    finally:
        shutil.rmtree(incoming, ignore_errors=True)
    raise UserError(
        f"{card.source.archive} could not be had ({'; '.join(reasons)}): check the connection, or set RHELBENCH_MIRROR "
        f"to a folder or URL that holds it."
    )


def public(text: str) -> str:
    """Return a text with user name and password removed from addresses.

    Example:
        >>> public("https://me:secret@example.org/mirror")
        'https://example.org/mirror'
    """
    return re.sub(r"://[^/\s]*@", "://", text)


def _places(card: Card, mirrors: Sequence[str]) -> Iterator[tuple[str, bool]]:
    """Yield each source, and whether an unlisted packaging from it is recorded on first use."""
    own = os.environ.get("RHELBENCH_MIRROR")
    for mirror in [*([own] if own else []), *mirrors]:
        yield f"{mirror.rstrip('/')}/{card.source.archive}", False
    for address in card.source.addresses:
        yield address.url, address.checksum == "first_use"


def _transfer(place: str, file: Path, task: str) -> None:
    local = _local(place)
    if local is not None:
        shutil.copyfile(local, file)
        return
    pooch.get_logger().setLevel("ERROR")
    bar = tqdm(desc=f"{task}: download", total=1, unit="B", unit_scale=True, disable=None)  # pooch sets the total
    http = pooch.HTTPDownloader(progressbar=cast(Any, bar), chunk_size=1 << 20, timeout=TIMEOUT)
    shelf = pooch.create(file.parent, "", registry={file.name: None}, urls={file.name: place}, retry_if_failed=RETRIES)
    shelf.fetch(file.name, downloader=cast(Any, http))


def _local(place: str) -> Path | None:
    """Return the path of a local source, with ``~`` or as file:// address; None for a remote one."""
    address = urlsplit(place)
    if address.scheme == "file":
        if address.netloc not in ("", "localhost"):
            raise ValueError(f"a file:// address names a folder of this machine, not the host {address.netloc}")
        return Path(unquote(address.path))
    if "://" in place:
        return None
    try:
        return Path(place).expanduser()
    except RuntimeError as error:  # ~ of an unknown user
        raise ValueError(str(error)) from error


def _brief(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return "no such file"
    if isinstance(error, requests.HTTPError) and error.response is not None:
        return f"the server answers {error.response.status_code}"
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return f"the connection broke off, {RETRIES + 1} times"
    if isinstance(error, requests.exceptions.Timeout):
        return f"no answer within {TIMEOUT} s"
    if isinstance(error, requests.ConnectionError):
        return "no connection"
    return str(error)


def _not_a_zip(file: Path) -> str:
    with file.open("rb") as content:
        start = content.read(200).lstrip()
    kind = "a web page" if start[:1] == b"<" else "truncated" if start[:2] == b"PK" else "something else"
    return f"not a complete zip archive but {kind}, {file.stat().st_size} bytes"
