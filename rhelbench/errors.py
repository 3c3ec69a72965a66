"""The one error a user is meant to read."""

#: More known names than this are not all listed.
MANY = 60


class UserError(Exception):
    """Something the user can put right: one sentence that says what, where, and what to do.

    The command line prints the sentence alone, without a traceback, and exits with 2.
    """


def unknown(kind: str, value: object, known: list[str]) -> UserError:
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
    import difflib

    near = difflib.get_close_matches(str(value), known, n=3)
    hint = f" (did you mean '{near[0]}'?)" if near else ""
    few = f"{len(known)}, for example {', '.join(near or known[:3])}"
    return UserError(f"Unknown {kind} '{value}'{hint}: use one of {', '.join(known) if len(known) <= MANY else few}.")
