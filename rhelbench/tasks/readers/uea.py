"""The UEA archive's files: <Name>_TRAIN and <Name>_TEST, each .ts or .arff."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rhelbench.errors import UserError
from rhelbench.tasks.card import Card
from rhelbench.tasks.readers import arff, ts
from rhelbench.tasks.readers.lines import MalformedError, Row, numbers
from rhelbench.tasks.unpack import inner_archives, open_archive, unpack

#: Reader by file suffix, in order of preference.
FORMATS = {".ts": ts.rows, ".arff": arff.rows}


@dataclass(frozen=True)
class Samples:
    """Samples as in the files, train part first.

    Args:
        x: (n, L, d), float32, C order.
        labels: (n,) class names in lower case; one name for all if there are targets.
        in_test: (n,) bool; all False if the files have no test part.
        targets: (n, K, c), float32, of a regression.
    """

    x: NDArray[np.float32]
    labels: NDArray[np.str_]
    in_test: NDArray[np.bool_]
    targets: NDArray[np.float32] | None = None


def read(source: Path, scratch: Path, name: str, card: Card | None = None) -> Samples:
    """Read both parts of a problem and concatenate them.

    Values are exact; ``?`` and ``NaN`` become NaN. A regression has one target per sample.

    Args:
        source: the zip archive, or a folder with the files.
        scratch: an empty folder, for unpacking.
        name: the problem, for example ``"Heartbeat"``.
        card: its kind and sizes are compared with the first samples before the rest is read.

    Raises:
        UserError: a part is missing, unreadable, or does not match the dataset card; its samples differ in length;
            or labels differ in case only.
    """
    folder = source
    if source.is_file():
        folder = scratch
        with open_archive(source) as archive:
            unpack(archive, {f"{name}_{part}{suffix}" for part in ("TRAIN", "TEST") for suffix in FORMATS}, scratch)
            inner = inner_archives(archive)
        if inner and not any(scratch.iterdir()):
            raise UserError(f"{source} holds {inner[0]}, a zip archive, and not the files of {name}: use the archive inside.")
    (x, outcomes), (x_test, outcomes_test) = [_part(folder, f"{name}_{part}", source, card) for part in ("TRAIN", "TEST")]
    if x.shape[1:] != x_test.shape[1:] or type(outcomes[0]) is not type(outcomes_test[0]):
        raise UserError(
            f"{name}: train and test samples differ ({_described(x, outcomes)}, and {_described(x_test, outcomes_test)}): get "
            f"another archive."
        )
    joined, in_test = np.concatenate([x, x_test]), np.arange(len(x) + len(x_test)) >= len(x)
    found = [*outcomes, *outcomes_test]
    if isinstance(found[0], float):
        return Samples(joined, np.full(len(joined), "all"), in_test, np.array(found, np.float32)[:, None, None])
    return Samples(joined, _lowered([str(label) for label in found], name), in_test)


def _part(folder: Path, stem: str, source: Path, card: Card | None) -> tuple[NDArray[np.float32], list[str | float]]:
    paths = [path for suffix in FORMATS if (path := folder / (stem + suffix)).exists()]
    if not paths:
        raise UserError(f"{source} holds neither {stem}.ts nor {stem}.arff, and no other format is read: get a complete archive.")
    try:
        return _joined(FORMATS[paths[0].suffix](paths[0]), card)
    except (MalformedError, OSError) as error:
        remedy = "use another file or source" if source.is_dir() else "put another copy of the archive in its place"
        beside = f"; {paths[1].name} beside it is not read in its place" if paths[1:] else ""
        raise UserError(f"{paths[0].name} of {source} can't be read ({error}){beside}: {remedy}.") from error


def _joined(rows: Iterable[Row], card: Card | None) -> tuple[NDArray[np.float32], list[str | float]]:
    samples: list[NDArray[np.float32]] = []
    outcomes: list[str | float] = []
    first, steps = None, 0
    for row in rows:
        if first is None:
            first, steps = row, row.channels[0].count(",") + 1
            if card is not None:
                kind = "classification" if isinstance(row.outcome, str) else "regression"
                card.compare({"kind": kind, "channels": len(row.channels)})
        _check_sizes(row, first, steps)
        if card is None or steps == card.length:  # else the comparison below fails, once all lengths are known
            read = [numbers(values, f"line {row.line}, channel {place}") for place, values in enumerate(row.channels, 1)]
            samples.append(np.stack(read, axis=1))
            outcomes.append(row.outcome)
    if first is None:
        raise MalformedError("it holds no sample")
    if card is not None:
        card.compare({"length": steps})
    return np.stack(samples), outcomes


def _check_sizes(row: Row, first: Row, steps: int) -> None:
    if len(row.channels) != len(first.channels):
        raise MalformedError(f"line {row.line} has {len(row.channels)} channels but line {first.line} has {len(first.channels)}")
    for place, values in enumerate(row.channels, 1):
        if values.count(",") + 1 != steps:
            raise MalformedError(
                f"line {row.line}, channel {place} has {values.count(',') + 1} values but line {first.line} has {steps}, and "
                f"samples of different lengths are not supported"
            )


def _lowered(labels: list[str], name: str) -> NDArray[np.str_]:
    seen: dict[str, str] = {}
    for label in labels:
        if seen.setdefault(label.lower(), label) != label:
            raise UserError(
                f"{name}: the labels '{seen[label.lower()]}' and '{label}' differ in case alone: write them alike in the files "
                f"where they are one class, else name one of them otherwise."
            )
    return np.array([label.lower() for label in labels])


def _described(x: NDArray[np.float32], outcomes: list[str | float]) -> str:
    return f"{x.shape[2]} channels of {x.shape[1]} steps with {'labels' if isinstance(outcomes[0], str) else 'targets'}"
