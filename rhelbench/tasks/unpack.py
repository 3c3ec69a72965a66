"""Zip archives: members are read by file name, never by their paths, and none twice."""

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

#: Largest size of a member; EigenWorms and the pickles of PPG-DaLiA are below 2 GiB.
LARGEST = 16 * 2**30
#: Largest compression ratio of members above MODEST; measured values stay below it, a zip bomb does not.
MODEST, CLOSEST = 2**28, 200
#: Numbers of an OSError about an archive's content: none for bz2, EINVAL for a member that begins before the file.
DAMAGE = (None, errno.EINVAL)


@contextmanager
def open_archive(path: Path) -> Iterator[zipfile.ZipFile]:
    """Open a zip archive; damage that is found while reading becomes one error sentence.

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
    """Find members by file name, in any folder of the archive.

    Raises:
        UserError: a wanted member has a path outside the archive's folder, is a link, encrypted or of implausible
            size, or two of one name differ.
    """
    found: dict[str, zipfile.ZipInfo] = {}
    for member in archive.infolist():
        path = PureWindowsPath(member.filename)  # it parses both separators, and drives
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
    """Write the existing ones of the named members into ``folder``, under their file names, as plain files.

    Raises:
        UserError: see ``find``; or there is not enough space.
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
