"""Read and write files: writes are atomic, and read errors are one sentence that names the file."""

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
#: Folder of the package's data files: the checkout, else the installation (pyproject.toml).
INSTALLED = _ROOT if (_ROOT / "config").is_dir() else Path(sysconfig.get_path("data")) / "share" / "rhelbench"


def find(path: Path) -> Path:
    """Return a file or folder of the package; the working folder takes precedence over the installation.

    Args:
        path: for example ``config/paper.yaml``; an absolute path is returned unchanged.
    """
    return path if path.exists() else INSTALLED / path


def find_all(folder: Path, suffix: str) -> dict[str, Path]:
    """Return all package files of a folder by stem; the working folder takes precedence."""
    found = [*(INSTALLED / folder).glob(f"*{suffix}"), *folder.glob(f"*{suffix}")]
    return {path.stem: path for path in sorted(found, key=lambda path: path.stem)}


def write_atomically(path: Path, content: str | bytes, durable: bool = False) -> None:
    """Write to a temporary file and rename it: a reader sees the old content or the new, never a part.

    Args:
        path: target file; its folder is created.
        content: text (UTF-8) or bytes.
        durable: also flush to the disk before and after the rename, to survive a power failure.

    Raises:
        OSError: the disk is full or the folder read-only; no partial file remains.
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
    """Write a table as CSV, atomically: ten significant digits, no index."""
    write_atomically(path, frame.to_csv(index=False, float_format="%.10g", lineterminator="\n"))
    return path


def sync_folder(folder: Path) -> None:
    """Flush a folder's entries, and thus its renames, to the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def read_json(path: Path, remedy: str, keys: Sequence[str] = ()) -> dict[str, Any]:
    """Return the content of a JSON file.

    Args:
        path: the file.
        remedy: what to do after deleting a damaged file, for the error message.
        keys: required names.

    Raises:
        UserError: it is no JSON, or lacks a name.
        OSError: it cannot be read.
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
    """Return the table in a CSV file, or in its ``content`` if already read; see :func:`read_json`.

    The options are those of ``pandas.read_csv``.
    """
    import pandas as pd  # not needed for training, which imports this module

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
    """YAML loader that rejects duplicate keys, of which YAML would silently use the last."""

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
    """Read a YAML file of keys and values without validating its keys.

    Raises:
        UserError: the file cannot be read, is not YAML, has a duplicate key, or is no mapping.
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
    """Read a YAML file and validate it (see ``read_mapping`` for further errors).

    Raises:
        UserError: a key is missing, unknown, or has a wrong value.
    """
    try:
        return kind.model_validate(read_mapping(path))
    except ValidationError as error:
        raise invalid_value(f"{path}: field", error, "correct it") from error
