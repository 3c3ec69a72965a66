"""MANIFEST.json: the SHA-256 of every committed result, which reveals a changed number."""

import json
from pathlib import Path

from rhelbench.errors import UserError
from rhelbench.files import read_json, write_atomically
from rhelbench.records.io import digest

NAME = "MANIFEST.json"


def build(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of every file below ``folder``, by relative path.

    The manifest itself and hidden files are left out.
    """
    files = (file for file in folder.rglob("*") if file.is_file() and file != folder / NAME)
    names = {file.relative_to(folder).as_posix(): file for file in files if not file.name.startswith(".")}
    return {name: digest(names[name].read_bytes()) for name in sorted(names)}


def write(folder: Path) -> Path:
    """Write the manifest of ``folder`` and return its path."""
    path = folder / NAME
    write_atomically(path, json.dumps(build(folder), indent=1) + "\n")
    return path


def check(folder: Path) -> int:
    """Compare a folder with its manifest.

    Returns:
        The number of files compared.

    Raises:
        UserError: no manifest, or a file that is changed, missing or not listed.

    Example:
        >>> check(Path("results/published")) > 0
        True
    """
    path = folder / NAME
    if not path.is_file():
        raise UserError(f"{folder} has no {NAME}; 'python -m rhelbench publish' writes it.")
    listed, found = read_json(path, "run 'python -m rhelbench publish' again"), build(folder)
    wrong = [f"{name} (changed)" for name in listed if name in found and found[name] != listed[name]]
    wrong += [f"{name} (missing)" for name in listed if name not in found]
    wrong += [f"{name} (not listed)" for name in found if name not in listed]
    if wrong:
        more = f" and {len(wrong) - 1} more" if len(wrong) > 1 else ""
        raise UserError(
            f"{path} does not describe {wrong[0]}{more}; restore the file, or run 'python -m rhelbench publish' again."
        )
    return len(found)
