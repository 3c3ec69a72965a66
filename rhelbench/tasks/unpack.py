"""Files out of a zip archive, by name, never by the paths it asks for."""

import shutil
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from rhelbench.errors import UserError


@contextmanager
def opened(path: Path) -> Iterator[zipfile.ZipFile]:
    """Open a zip archive; damage found while it is read becomes one sentence.

    Raises:
        UserError: not a zip archive, truncated, or with damaged content.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise UserError(f"{path} is damaged ({error}): delete it and prepare again.") from error


def find(archive: zipfile.ZipFile, names: set[str]) -> dict[str, zipfile.ZipInfo]:
    """Find members by their file names, in whatever folder of the archive they lie.

    Raises:
        UserError: a wanted member names a path outside the archive's own folder.
    """
    found: dict[str, zipfile.ZipInfo] = {}
    for member in archive.infolist():
        path = PurePosixPath(member.filename.replace("\\", "/"))
        if path.name not in names or member.is_dir():
            continue
        if path.is_absolute() or ".." in path.parts:
            raise UserError(f"{archive.filename} holds '{member.filename}', a path out of the archive: do not use this file.")
        found.setdefault(path.name, member)
    return found


def unpack(archive: zipfile.ZipFile, names: set[str], folder: Path) -> None:
    """Write those of the named members that exist into ``folder``, under their bare names, as plain files."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, member in find(archive, names).items():
        with archive.open(member) as source, (folder / name).open("wb") as target:
            shutil.copyfileobj(source, target, 1 << 20)
