"""Common parts of the text formats: lines without comments, exact numbers, and errors with line numbers."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

#: Characters of an invalid value shown in an error.
SHOWN = 40


class MalformedError(Exception):
    """Why a file is invalid: the line and the error."""


@dataclass(frozen=True)
class Row:
    """One sample as text.

    Args:
        line: its line in the file, from 1.
        channels: each channel's values, separated by commas.
        outcome: the label, or the target of a regression.
    """

    line: int
    channels: list[str]
    outcome: str | float


def content(path: Path) -> Iterator[tuple[int, bytes]]:
    """Yield every line, stripped, with its number from 1, except empty lines and comments (``#``, ``%``).

    Raises:
        MalformedError: UTF-16, or lines that end with a carriage return only.
    """
    with path.open("rb") as file:
        for number, raw in enumerate(file, 1):
            line = (raw.removeprefix(b"\xef\xbb\xbf") if number == 1 else raw).strip()
            if b"\0" in line:
                raise MalformedError(f"line {number} holds zero bytes, as UTF-16 text does, where UTF-8 is read")
            if b"\r" in line:
                raise MalformedError(f"line {number} holds a carriage return, where lines end with a line feed")
            if line and line[:1] not in (b"#", b"%"):
                yield number, line


def text(line: bytes, number: int) -> str:
    """Decode a line.

    Raises:
        MalformedError: it is neither ASCII nor UTF-8.
    """
    try:
        return line.decode()
    except UnicodeDecodeError as error:
        raise MalformedError(f"line {number} is neither ASCII nor UTF-8") from error


def numbers(values: str, where: str) -> NDArray[np.float32]:
    """Parse values separated by commas: ``?`` and ``NaN`` are NaN; values beyond float32 are infinite.

    Args:
        values: the text.
        where: line and channel, for the error message.

    Returns:
        The values (L,), float32.

    Raises:
        MalformedError: one is empty or not a decimal number.
    """
    tokens = values.split(",")
    try:
        if "_" in values or not values.isascii():  # float() accepts 1_0, and digits of other scripts
            raise ValueError
        found = np.fromiter(map(float, tokens), float, len(tokens))
    except ValueError:
        found = np.array([_number(token.strip(" \t"), where) for token in tokens])
    with np.errstate(over="ignore"):
        return found.astype(np.float32)


def _number(token: str, where: str) -> float:
    if token == "?":
        return np.nan
    if not token:
        raise MalformedError(f"{where} has an empty value")
    try:
        if "_" in token or not token.isascii():
            raise ValueError
        return float(token)
    except ValueError as error:
        raise MalformedError(f"{where}: '{token[:SHOWN]}' is not a number") from error
