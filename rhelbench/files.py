"""Files that are complete or absent; whatever is wrong with one that is read is a sentence that names it."""

import io
import json
import os
import sysconfig
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from rhelbench.errors import UserError, invalid_value

if TYPE_CHECKING:
    import pandas as pd

Kind = TypeVar("Kind", bound=BaseModel)
_ROOT = Path(__file__).resolve().parents[1]
#: Where the files that come with the package lie: beside it in a checkout, else where they were installed (pyproject.toml).
INSTALLED = _ROOT if (_ROOT / "config").is_dir() else Path(sysconfig.get_path("data")) / "share" / "rhelbench"


def find(path: Path) -> Path:
    """Return a file or folder that comes with the package: the working folder's own where there is one, else the installed one.

    Args:
        path: for example ``config/paper.yaml``; an absolute one is returned as it is.
    """
    return path if path.exists() else INSTALLED / path


def find_all(folder: Path, suffix: str) -> dict[str, Path]:
    """Return every file of a folder that comes with the package, by name without suffix; the working folder's own come first."""
    found = [*(INSTALLED / folder).glob(f"*{suffix}"), *folder.glob(f"*{suffix}")]
    return {path.stem: path for path in sorted(found, key=lambda path: path.stem)}


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


def write_csv(path: Path, frame: "pd.DataFrame") -> Path:
    """Write a frame as CSV, complete or not at all: ten significant digits, no index."""
    write_atomically(path, frame.to_csv(index=False, float_format="%.10g", lineterminator="\n"))
    return path


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


def read_csv(
    path: Path, remedy: str, columns: Sequence[str] = (), content: bytes | None = None, **options: Any
) -> "pd.DataFrame":
    """Return the table in a CSV file, or in its ``content`` where that was read already; see :func:`read_json`.

    The options are those of ``pandas.read_csv``.
    """
    import pandas as pd  # not needed for training, which this file is part of

    try:
        table: pd.DataFrame = pd.read_csv(path if content is None else io.BytesIO(content), **options)
        _need(columns, table.columns)
    except ValueError as error:
        raise _damaged(path, error, remedy) from error
    return table


def _need(names: Sequence[str], found: Any) -> None:
    if absent := [name for name in names if name not in found]:
        raise ValueError(f"it lacks {', '.join(absent)}")


def _damaged(path: Path, error: ValueError, remedy: str) -> UserError:
    return UserError(f"{path} is damaged ({' '.join(str(error).split())}): delete it and {remedy}.")


class _Loader(yaml.SafeLoader):
    """Refuses a key that is given twice, of which YAML would take the last without a word."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [key for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        names = [self.construct_object(key) for key in keys]
        for place, (key, name) in enumerate(zip(keys, names, strict=True)):
            if name in names[:place]:
                raise UserError(
                    f"{key.start_mark.name}, line {key.start_mark.line + 1}: '{name}' is given a second time (first in line "
                    f"{keys[names.index(name)].start_mark.line + 1}); keep one of them."
                )
        return super().construct_mapping(node, deep)


def read_mapping(path: Path) -> dict[str, Any]:
    """Read a file of keys and values without judging its keys.

    Raises:
        UserError: the file can't be read, is not YAML, gives a key twice, or holds something else.
    """
    try:
        with path.open("rb") as file:  # a file, not its text: the parser names it with the line
            loaded = yaml.load(file, _Loader)
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}; it must be a YAML file that can be read.") from error
    except (yaml.YAMLError, ValueError) as error:  # ValueError: a date that does not exist
        raise UserError(f"{path} is not YAML ({' '.join(str(error).split())}); correct it.") from error
    if not isinstance(loaded, dict):
        raise UserError(f"{path} must hold keys and values, see config/README.md.")
    return loaded


def read_yaml(path: Path, kind: type[Kind]) -> Kind:
    """Read a file and validate it (see ``read_mapping`` for what else is refused).

    Raises:
        UserError: a key is missing, unknown, or has a wrong value.
    """
    try:
        return kind.model_validate(read_mapping(path))
    except ValidationError as error:
        raise invalid_value(f"{path}: field", error, "correct it") from error
