"""The one error a user is meant to read."""

import difflib
from collections.abc import Iterable

from pydantic import ValidationError

#: More known names than this are not all listed.
MANY = 60


class UserError(Exception):
    """Something the user can put right: one sentence that says what, where, and what to do.

    The command line prints the sentence alone, without a traceback, and exits with 2.
    """


def unknown_name(kind: str, value: object, known: list[str]) -> UserError:
    """Build the error for a name that is not in a registry, with the nearest known name first.

    Args:
        kind: what the name stands for, for example ``"task"``.
        value: the name that was given.
        known: every name that would have been accepted; where there are many, three are shown, near ones if there are any.

    Returns:
        The error, to be raised by the caller.

    Example:
        >>> str(unknown("model", "liner", ["linear", "nonlinear"]))
        "Unknown model 'liner' (did you mean 'linear'?): use one of linear, nonlinear."
    """
    near = difflib.get_close_matches(str(value), known, n=3)
    hint = f" (did you mean '{near[0]}'?)" if near else ""
    few = f"{len(known)}, for example {', '.join(near or known[:3])}"
    return UserError(f"Unknown {kind} '{value}'{hint}: use one of {', '.join(known) if len(known) <= MANY else few}.")


def check_names(kind: str, values: Iterable[object], known: list[str]) -> None:
    """Refuse the first value that is not among the known names (see ``unknown_name``)."""
    for value in values:
        if value not in known:
            raise unknown_name(kind, value, known)


def not_installed(what: str, extra: str) -> UserError:
    """Build the error for an optional package: ``extra`` is its group in pyproject.toml."""
    return UserError(
        f"{what} is not installed: run `.venv/bin/pip install -e '.[{extra}]' -c constraints.txt`, or `make install`."
    )


def first_error(error: ValidationError) -> tuple[str, tuple[int | str, ...], str]:
    """Return kind, place and message of what to tell a user first: an unknown key, since it also misses another."""
    found = min(error.errors(), key=lambda one: one["type"] != "extra_forbidden")
    return found["type"], found["loc"], found["msg"].removeprefix("Value error, ")


def invalid_value(where: str, error: ValidationError, remedy: str) -> UserError:
    """Build the error for data that are not what they should be.

    Args:
        where: the file or option, and what its parts are called.
        error: what the validation says.
        remedy: what to do.

    Returns:
        The error, to be raised by the caller.
    """
    _, place, message = first_error(error)
    field = f" '{'.'.join(map(str, place))}'" if place else ""
    return UserError(f"{where}{field} is wrong ({message}); {remedy}.")
