"""PPG-DaLiA (UCI 495): one pickle per subject, with wrist signals and a heart rate every two seconds."""

import re
import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from rhelbench.errors import UserError
from rhelbench.tasks import splits, unpickle
from rhelbench.tasks.card import Card
from rhelbench.tasks.unpack import find, open_archive, unpack

#: Wrist signals in channel order, with the repetitions to reach RATE (from 32, 64, 4 and 4 Hz).
SIGNALS = {"ACC": 2, "BVP": 1, "EDA": 16, "TEMP": 16}
#: Channels per signal.
CHANNELS = {"ACC": 3, "BVP": 1, "EDA": 1, "TEMP": 1}
RATE = 64
#: Heart rates belong to windows of 8 s, one every 2 s: n of them cover 2 n + 6 s.
EVERY, BEYOND = 2, 6
#: Largest difference in duration between a signal and the heart rates of a subject, in seconds: one window.
TOLERANCE = 8
#: The first heart rate covers eight seconds; repeated at the front, there is one value per two seconds from the start.
FRONT = 3
_MEMBER = re.compile(r"S\d+\.pkl")


@dataclass(frozen=True)
class Recordings:
    """Long recordings, one per subject.

    Args:
        names: subjects, in order.
        signals: each (T, 6), float32, in [-1, 1], 64 Hz: ACC x, y, z, BVP, EDA, TEMP.
        targets: each (M,), float32, in [-1, 1]: heart rate, one value per 128 time steps.
    """

    names: tuple[str, ...]
    signals: tuple[NDArray[np.float32], ...]
    targets: tuple[NDArray[np.float32], ...]


def read(source: Path, scratch: Path, name: str, card: Card | None = None) -> Recordings:
    """Read all subjects from the archive, one pickle in memory at a time.

    Args:
        source: the zip archive; the subjects' pickles may be in a ``data.zip`` inside it.
        scratch: an empty folder, for that inner archive.
        name: the task's name.
        card: its sizes are compared with the archive before the signals are scaled.

    Raises:
        UserError: no subject, a damaged archive, a pickle that is not plain arrays, or one without the expected
            signals; or the dataset card's length does not fit.
    """
    if card is not None:
        splits.check_windows(card, {})
    with open_archive(source) as archive:
        if not _subjects(archive):
            unpack(archive, {"data.zip"}, scratch)
    if (scratch / "data.zip").exists():
        source = scratch / "data.zip"
    with open_archive(source) as archive:
        members = _subjects(archive)
        if not members:
            raise UserError(f"{source} holds no PPG_FieldStudy/S*/S*.pkl: get the archive of {name} from its source.")
        if card is not None:
            card.compare({"samples": len(members)})
        parts = []
        for subject, member in tqdm(members.items(), desc=f"{name}: subjects", disable=None):
            with archive.open(member) as file:
                record = unpickle.load(file, f"{source}: {member.filename}")
            check_subject(record, subject)
            parts.append(prepare_subject(record, subject))
            if card is not None:
                splits.check_windows(card, {subject: len(parts[-1][1])})
    return Recordings(tuple(members), tuple(part[0] for part in parts), tuple(part[1] for part in parts))


def check_subject(record: Any, subject: str) -> None:
    """Check that one subject's signals are complete and have the expected rates.

    Args:
        record: as in ``prepare_subject``.
        subject: name, for the error message.

    Raises:
        UserError: a signal or the label is missing or of another kind; it has missing or infinite values, another
            number of channels, or another duration than the label.
    """
    signals, heart_rate = _arrays(record, subject)
    covered = EVERY * len(heart_rate) + BEYOND
    for key, values in {**signals, "heart rate": heart_rate}.items():
        missing = int(np.count_nonzero(np.isnan(values)))
        wrong = missing or int(np.count_nonzero(np.abs(values) > np.finfo(np.float32).max))
        if wrong:
            cause = "missing" if missing else "infinite or too large for single precision"
            raise UserError(
                f"Subject {subject}: {wrong} values of {key} are {cause}, which no model here accepts: get the archive from its "
                f"source."
            )
    for key, values in signals.items():
        rate, channels = RATE // SIGNALS[key], values.shape[1]
        if channels != CHANNELS[key]:
            raise UserError(
                f"Subject {subject}: {key} has {channels} channels instead of {CHANNELS[key]}: get the archive from its source."
            )
        if abs(len(values) / rate - covered) > TOLERANCE:
            raise UserError(
                f"Subject {subject}: {key} lasts {len(values) / rate:.1f} s at {rate} Hz, but the {len(heart_rate)} heart rates, "
                f"one per {EVERY} s, cover {covered} s; do not use resampled files, get the archive from its source."
            )


def prepare_subject(record: Any, subject: str) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Scale one subject's signals and heart rate to [-1, 1], and repeat signal values to reach 64 Hz.

    x = 2 (v - min v) / (max v - min v) - 1, with the extremes of a signal's whole recording. The three axes of ACC
    share them.

    Args:
        record: content of the pickle: ``record["signal"]["wrist"][name]`` (n, channels), ``record["label"]`` (m,), in
            beats/min.
        subject: name, for the error message.

    Returns:
        Signals (T, 6), cut to the shortest, and targets (m + 3,), float32.

    Raises:
        UserError: a signal or the label is missing or of another kind.

    Source:
        Paper, appendix on data sets; Reiss et al., Deep PPG, Sensors 19(14), 2019.
    """
    wrist, label = _arrays(record, subject)
    signals = [np.repeat(_scaled(wrist[key]), times, axis=0) for key, times in SIGNALS.items()]
    length = min(map(len, signals))
    joined = np.concatenate([signal[:length] for signal in signals], axis=1)
    heart_rate = _scaled(label)
    return joined, np.concatenate([np.repeat(heart_rate[:1], FRONT), heart_rate])


def _arrays(record: Any, subject: str) -> tuple[dict[str, NDArray[np.float64]], NDArray[np.float64]]:
    """Return the wrist signals (n, channels) and the heart rate (m,)."""
    try:
        wrist = record["signal"]["wrist"]
        signals = {key: np.atleast_2d(_real(wrist[key]).T).T for key in SIGNALS}
        heart_rate = _real(record["label"]).reshape(-1)
        empty = [key for key, values in {**signals, "label": heart_rate}.items() if not values.size or values.ndim > 2]
        if empty:
            raise ValueError(f"{empty[0]} is empty or has too many dimensions")
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise UserError(
            f"Subject {subject} lacks wrist signals or heart rate ({error!r}): get the archive from its source."
        ) from error
    return signals, heart_rate


def _real(values: Any) -> NDArray[np.float64]:
    if np.iscomplexobj(values):
        raise ValueError("complex values")
    return np.asarray(values, float)


def _scaled(values: NDArray[np.float64]) -> NDArray[np.float32]:
    low, high = values.min(), values.max()
    return (2 * (values - low) / (high - low or 1) - 1).astype(np.float32)


def _subjects(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    names = {PurePosixPath(member.filename).name for member in archive.infolist()}
    found = find(archive, {name for name in names if _MEMBER.fullmatch(name)})
    return {name.removesuffix(".pkl"): found[name] for name in sorted(found, key=lambda name: int(name[1:-4]))}
