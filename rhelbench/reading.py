"""Read the YAML files that users edit: whatever is wrong with one is a sentence that names it."""

from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from rhelbench.errors import UserError, wrong

Kind = TypeVar("Kind", bound=BaseModel)


def mapping(path: Path) -> dict[str, Any]:
    """Read a file of keys and values without judging its keys.

    Raises:
        UserError: the file can't be read, is not YAML, or holds something else.
    """
    try:
        with path.open("rb") as file:  # a file, not its text: the parser names it with the line
            loaded = yaml.safe_load(file)
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}; it must be a YAML file that can be read.") from error
    except (yaml.YAMLError, ValueError) as error:  # ValueError: a date that does not exist
        raise UserError(f"{path} is not YAML ({' '.join(str(error).split())}); correct it.") from error
    if not isinstance(loaded, dict):
        raise UserError(f"{path} must hold keys and values, see config/README.md.")
    return loaded


def load(path: Path, kind: type[Kind]) -> Kind:
    """Read a file and validate it (see ``mapping`` for what else is refused).

    Raises:
        UserError: a key is missing, unknown, or has a wrong value.
    """
    try:
        return kind.model_validate(mapping(path))
    except ValidationError as error:
        raise wrong(f"{path}: field", error, "correct it") from error
