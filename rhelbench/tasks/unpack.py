"""Zip archives: members are taken by name, never by the paths they ask for, and none twice."""

import errno
import hashlib
import lzma
import shutil
import stat
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PureWindowsPath
from typing import Any, cast

from rhelbench.errors import UserError

#: No member of a task's archive is larger; EigenWorms and the pickles of PPG-DaLiA are below 2 GiB.
LARGEST = 16 * 2**30
#: From MODEST on, no text or pickle of measured values is packed closer than this; a zip bomb is.
MODEST, CLOSEST = 2**28, 200
#: What an OSError about an archive's content bears: bz2's has no number, and a member that begins before the file is invalid.
DAMAGE = (None, errno.EINVAL)


@contextmanager
def open_archive(path: Path) -> Iterator[zipfile.ZipFile]:
    """Open a zip archive; damage found while it is read becomes one sentence.

    Raises:
        UserError: not a zip archive, truncated, or with damaged content.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except OSError as error:
        if error.errno not in DAMAGE:
            raise
        raise _damaged(path, error) from error
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, NotImplementedError) as error:
        raise _damaged(path, error) from error


def _damaged(path: Path, error: Exception) -> UserError:
    return UserError(f"{path} is damaged ({error}): delete it and prepare again, from another place if that does not help.")


def find(archive: zipfile.ZipFile, names: set[str]) -> dict[str, zipfile.ZipInfo]:
    """Find members by their file names, in whatever folder of the archive they lie.

    Raises:
        UserError: a wanted member names a path outside the archive's own folder, is a link, encrypted or of an absurd size, or
            two of one name differ.
    """
    found: dict[str, zipfile.ZipInfo] = {}
    for member in archive.infolist():
        path = PureWindowsPath(member.filename)  # which knows both separators, and drives
        if path.name not in names or member.is_dir():
            continue
        if path.anchor or ".." in path.parts:
            raise UserError(f"{archive.filename} holds '{member.filename}', a path out of the archive: do not use this file.")
        _check(archive, member)
        if path.name in found and _sha256(archive, found[path.name]) != _sha256(archive, member):
            raise UserError(
                f"{archive.filename} holds '{found[path.name].filename}' and '{member.filename}', which differ: make an archive "
                f"of the one that is meant."
            )
        found.setdefault(path.name, member)
    return found


def unpack(archive: zipfile.ZipFile, names: set[str], folder: Path) -> None:
    """Write those of the named members that exist into ``folder``, under their bare names, as plain files.

    Raises:
        UserError: see ``find``; or they need more room than there is.
    """
    folder.mkdir(parents=True, exist_ok=True)
    members = find(archive, names)
    needed, free = sum(member.file_size for member in members.values()), shutil.disk_usage(folder).free
    if needed > free:
        raise UserError(
            f"{archive.filename} unpacks to {needed} bytes but {folder} has room for {free}: make room and try again."
        )
    for name, member in members.items():
        with archive.open(member) as source, (folder / name).open("wb") as target:
            shutil.copyfileobj(source, target, 1 << 20)


def inner_archives(archive: zipfile.ZipFile) -> list[str]:
    """Return the names of the zip archives in an archive."""
    return [member.filename for member in archive.infolist() if member.filename.lower().endswith(".zip")]


def _check(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> None:
    where, advice = f"{archive.filename} holds '{member.filename}'", "put another copy of the archive in its place"
    if stat.S_ISLNK(member.external_attr >> 16):
        raise UserError(f"{where} as a link, not a file: {advice}.")
    if member.flag_bits & 1:
        raise UserError(f"{where} encrypted: unpack it with its password, and make an archive without one.")
    packed_closely = member.file_size > MODEST and member.file_size > CLOSEST * member.compress_size
    if member.file_size > LARGEST or packed_closely:
        raise UserError(
            f"{where}, which says that {member.compress_size} bytes unpack to {member.file_size}, more than data do: {advice}."
        )


def _sha256(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> str:
    with archive.open(member) as file:
        return hashlib.file_digest(cast(Any, file), "sha256").hexdigest()
