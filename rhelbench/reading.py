"""Read the YAML files that users edit: whatever is wrong with one is a sentence that names it."""

from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from rhelbench.errors import UserError, wrong

Kind = TypeVar("Kind", bound=BaseModel)


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


def mapping(path: Path) -> dict[str, Any]:
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


def load(path: Path, kind: type[Kind]) -> Kind:
    """Read a file and validate it (see ``mapping`` for what else is refused).

    Raises:
        UserError: a key is missing, unknown, or has a wrong value.
    """
    try:
        return kind.model_validate(mapping(path))
    except ValidationError as error:
        raise wrong(f"{path}: field", error, "correct it") from error
