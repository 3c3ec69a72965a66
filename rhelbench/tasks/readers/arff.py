r"""The .arff text format: plain for one channel, ``v,v,…,label``; relational for several, ``'v,v,…\nv,v,…',label``."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rhelbench.tasks.readers.lines import SHOWN, MalformedError, Row, content, text

_QUOTED = r"'[^'\\]*(?:\\.[^'\\]*)*'|\"[^\"\\]*(?:\\.[^\"\\]*)*\""
_ATTRIBUTE = re.compile(rf"(?:{_QUOTED}|[^\s{{]+)\s*(.*)")
_NOMINAL = re.compile(r"\{(.*)\}\s*")
_LABEL = re.compile(rf"\s*({_QUOTED}|[^,'\"{{}}]*?)\s*(?:,|$)")
_RELATIONAL = re.compile(rf"({_QUOTED})\s*,\s*({_QUOTED}|[^,'\"{{}}]+)")
_PLAIN = re.compile(rf"([^'\"{{}}]*),\s*({_QUOTED}|[^,'\"{{}}]+)")


@dataclass(frozen=True)
class _Header:
    relational: bool
    length: int  # attributes per channel; 0 if a relational attribute has none
    labels: frozenset[str]  # in lower case


def rows(path: Path) -> Iterator[Row]:
    """Yield the samples of a file as text.

    Args:
        path: the file; its last attribute is the class, nominal.

    Raises:
        MalformedError: the first line that does not match the attributes.
    """
    lines = content(path)
    header = _header(lines)
    shape = _RELATIONAL if header.relational else _PLAIN
    for number, line in lines:
        row = text(line, number)
        if row.startswith("{"):
            raise MalformedError(f"line {number} is sparse, which is not read")
        found = shape.fullmatch(row)
        if found is None:
            raise MalformedError(
                f"line {number} is not {'a quoted list of channels' if header.relational else 'values'} and a label"
            )
        channels, label = (found[1][1:-1].split("\\n") if header.relational else [found[1]]), _unquoted(found[2])
        for place, channel in enumerate(channels, 1):
            if header.length and channel.count(",") + 1 != header.length:
                steps = channel.count(",") + 1
                raise MalformedError(f"line {number}, channel {place} has {steps} values where the header names {header.length}")
        if label.lower() not in header.labels:
            raise MalformedError(f"line {number}: the label '{label[:SHOWN]}' is not among those of the last attribute")
        yield Row(number, channels, label)


def _header(lines: Iterator[tuple[int, bytes]]) -> _Header:
    kinds: list[str] = []
    for number, line in lines:
        if not line.startswith(b"@"):
            raise MalformedError(f"line {number} begins with no @, and no line @data comes before it")
        name, *rest = line.split(maxsplit=1)
        if name.lower() == b"@data" and not rest:
            relational = "relational" in map(str.lower, kinds)
            return _Header(relational, len(kinds) - 1 - relational, _labels(kinds[-1] if kinds else ""))
        if name.lower() == b"@attribute":
            found = _ATTRIBUTE.fullmatch(text(b"".join(rest), number))
            if found is None:
                raise MalformedError(f"line {number} is an attribute without a name")
            kinds.append(found[1])
    raise MalformedError("it has no line @data")


def _labels(kind: str) -> frozenset[str]:
    found = _NOMINAL.fullmatch(kind)
    if found is None:
        raise MalformedError("its last attribute is not a list of classes {a,b}; targets of a regression are read from .ts alone")
    labels, at = set[str](), 0
    while at < len(found[1]):
        label = _LABEL.match(found[1], at)
        if label is None:
            raise MalformedError(f"the classes {kind[:SHOWN]} of its last attribute can't be told apart")
        labels.add(_unquoted(label[1]).lower())
        at = label.end()
    return frozenset(labels - {""})


def _unquoted(label: str) -> str:
    return re.sub(r"\\(.)", r"\1", label[1:-1]) if label[:1] in ("'", '"') else label.strip()
