"""The error type for users."""

import difflib
from collections.abc import Iterable

from pydantic import ValidationError

#: Largest number of known names that an error lists in full.
MANY = 60


class UserError(Exception):
    """An error that the user can correct: one sentence that says what, where, and what to do.

    The command line prints the sentence without a traceback and exits with 2.
    """


def unknown_name(kind: str, value: object, known: list[str]) -> UserError:
    """Return the error for a name that is not in a registry, with the nearest known name first.

    Args:
        kind: kind of the name, for example ``"task"``.
        value: the unknown name.
        known: all valid names; if there are many, three are shown, preferably similar ones.

    Returns:
        The error, for the caller to raise.

    Example:
        >>> str(unknown_name("model", "liner", ["linear", "nonlinear"]))
        "Unknown model 'liner' (did you mean 'linear'?): use one of linear, nonlinear."
    """
    near = difflib.get_close_matches(str(value), known, n=3)
    hint = f" (did you mean '{near[0]}'?)" if near else ""
    few = f"{len(known)}, for example {', '.join(near or known[:3])}"
    return UserError(f"Unknown {kind} '{value}'{hint}: use one of {', '.join(known) if len(known) <= MANY else few}.")


def check_names(kind: str, values: Iterable[object], known: list[str]) -> None:
    """Raise for the first value that is not a known name (see ``unknown_name``).

    Raises:
        UserError: an unknown name.
    """
    for value in values:
        if value not in known:
            raise unknown_name(kind, value, known)


def not_installed(what: str, extra: str) -> UserError:
    """Return the error for an optional package; ``extra`` is its group in pyproject.toml."""
    return UserError(
        f"{what} is not installed: run `.venv/bin/pip install -e '.[{extra}]' -c constraints.txt`, or `make install`."
    )


def first_error(error: ValidationError) -> tuple[str, tuple[int | str, ...], str]:
    """Return kind, place and message of the first error to report; unknown keys come before missing ones."""
    found = min(error.errors(), key=lambda one: one["type"] != "extra_forbidden")
    return found["type"], found["loc"], found["msg"].removeprefix("Value error, ")


def invalid_value(where: str, error: ValidationError, remedy: str) -> UserError:
    """Return the error for invalid data.

    Args:
        where: the file or option, and the name of its parts.
        error: the validation's error.
        remedy: what to do.

    Returns:
        The error, for the caller to raise.
    """
    _, place, message = first_error(error)
    field = f" '{'.'.join(map(str, place))}'" if place else ""
    return UserError(f"{where}{field} is wrong ({message}); {remedy}.")
