"""The .ts text format: tags, ``@data``, then one sample a line, ``v,v,…:v,v,…:label``, or ``(t,v),…`` with time stamps."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rhelbench.tasks.readers.lines import SHOWN, MalformedError, Row, content, numbers, text

#: Tags that decide how to parse a line; the data determine dimensions and length.
TAGS = ("timestamps", "classlabel", "targetlabel")
_CHANNEL_ENDS = re.compile(r"(?<=\))\s*:\s*(?=\()")
_PAIR = r"\(\s*[^(),\s][^(),]*,([^(),]*)\)"
_STAMPED = re.compile(rf"\s*{_PAIR}(?:\s*,\s*{_PAIR})*\s*")


@dataclass(frozen=True)
class _Header:
    stamped: bool
    labels: frozenset[str] | None  # in lower case; None: targets


def rows(path: Path) -> Iterator[Row]:
    """Yield the samples of a file as text.

    Time stamps are dropped. Labels are compared with ``@classLabel`` regardless of case.

    Args:
        path: the file.

    Raises:
        MalformedError: the first line that does not match the tags.
    """
    lines = content(path)
    header = _header(lines)
    for number, line in lines:
        values, colon, outcome = text(line, number).rpartition(":")
        if not colon:
            raise MalformedError(f"line {number} has no ':' before a label or target")
        channels = _unstamped(values, number) if header.stamped else values.split(":")
        yield Row(number, channels, _outcome(outcome.strip(), number, header))


def _header(lines: Iterator[tuple[int, bytes]]) -> _Header:
    tags: dict[str, list[str]] = {}
    for number, line in lines:
        if not line.startswith(b"@"):
            raise MalformedError(f"line {number} is not a tag, and no line @data comes before it")
        name, *rest = line.split(maxsplit=1)
        tag = name[1:].decode("ascii", "replace").lower()
        if tag == "data" and not rest:
            return _Header(*_meaning(tags))
        if tag in TAGS:
            words = text(b"".join(rest), number).split()
            if tags.setdefault(tag, words) != words:
                raise MalformedError(f"line {number} repeats @{tag} with another value")
            if not words or words[0].lower() not in ("true", "false"):
                raise MalformedError(f"line {number}: @{tag} is neither true nor false")
    raise MalformedError("it has no line @data")


def _meaning(tags: dict[str, list[str]]) -> tuple[bool, frozenset[str] | None]:
    on = {tag for tag, words in tags.items() if words[0].lower() == "true"}
    if "targetlabel" in on and "classlabel" not in on:
        return "timestamps" in on, None
    if "targetlabel" in on:
        raise MalformedError("both @classLabel and @targetLabel are true")
    if "classlabel" not in on:
        raise MalformedError("neither @classLabel nor @targetLabel is true, so that there is nothing to learn")
    if len(tags["classlabel"]) == 1:
        raise MalformedError("@classLabel lists no labels")
    return "timestamps" in on, frozenset(label.lower() for label in tags["classlabel"][1:])


def _unstamped(values: str, number: int) -> list[str]:
    channels = _CHANNEL_ENDS.split(values)
    for place, channel in enumerate(channels, 1):
        if not _STAMPED.fullmatch(channel):
            raise MalformedError(f"line {number}, channel {place} is not a list of (time stamp,value)")
    return [",".join(re.findall(_PAIR, channel)) for channel in channels]


def _outcome(outcome: str, number: int, header: _Header) -> str | float:
    if header.labels is None:
        if "," in outcome:
            raise MalformedError(f"line {number} has more than one target, '{outcome[:SHOWN]}'")
        return float(numbers(outcome, f"line {number}, target")[0])
    if outcome.lower() not in header.labels:
        raise MalformedError(f"line {number}: the label '{outcome[:SHOWN]}' is not among those of @classLabel")
    return outcome
