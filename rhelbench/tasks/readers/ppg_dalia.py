"""PPG-DaLiA (UCI 495): one pickle per subject; wrist signals and the heart rate of every two seconds."""

import re
import shutil
import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from rhelbench.errors import UserError
from rhelbench.tasks import unpickle
from rhelbench.tasks.unpack import find, opened

#: Wrist signals in channel order, with the repetitions that bring each to 64 Hz (from 32, 64, 4 and 4 Hz).
SIGNALS = {"ACC": 2, "BVP": 1, "EDA": 16, "TEMP": 16}
#: The first heart rate covers eight seconds; repeated in front it gives one value per two seconds from the start.
FRONT = 3
_MEMBER = re.compile(r"S\d+\.pkl")


@dataclass(frozen=True)
class Recordings:
    """Long recordings, one per subject.

    Args:
        names: subjects, in order.
        signals: each (T, 6), float32, in [-1, 1], 64 Hz: ACC x, y, z, BVP, EDA, TEMP.
        targets: each (M,), float32, in [-1, 1]: heart rate, one value per 128 steps.
    """

    names: tuple[str, ...]
    signals: tuple[NDArray[np.float32], ...]
    targets: tuple[NDArray[np.float32], ...]


def read(source: Path, scratch: Path, name: str) -> Recordings:
    """Read all subjects straight from the archive, one pickle in memory at a time.

    Args:
        source: the zip archive; the subjects' pickles may lie in a ``data.zip`` inside it.
        scratch: an empty folder, for that inner archive.
        name: the task's name.

    Raises:
        UserError: no subject, a damaged archive, a pickle that is not plain arrays, or one without the expected signals.
    """
    with opened(source) as archive:
        inner = find(archive, {"data.zip"})
        if inner and not _subjects(archive):
            with archive.open(inner["data.zip"]) as packed, (scratch / "data.zip").open("wb") as target:
                shutil.copyfileobj(packed, target, 1 << 20)
    if (scratch / "data.zip").exists():
        source = scratch / "data.zip"
    with opened(source) as archive:
        members = _subjects(archive)
        if not members:
            raise UserError(f"{source} holds no PPG_FieldStudy/S*/S*.pkl: get the archive of {name} from its source.")
        parts = []
        for subject, member in tqdm(members.items(), desc=f"{name}: subjects", disable=None):
            with archive.open(member) as file:
                parts.append(prepare_subject(unpickle.load(file, f"{source}: {member.filename}"), subject))
    return Recordings(tuple(members), tuple(part[0] for part in parts), tuple(part[1] for part in parts))


def prepare_subject(record: Any, subject: str) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Scale one subject's signals and heart rate to [-1, 1], and bring the signals to 64 Hz by repetition.

    x = 2 (v - min v) / (max v - min v) - 1, the extremes of a signal's whole recording, over the three axes of ACC together.

    Args:
        record: the pickle's content: ``record["signal"]["wrist"][name]`` (n, channels), ``record["label"]`` (m,), in beats/min.
        subject: named in the error.

    Returns:
        Signals (T, 6), cut to the shortest, and targets (m + 3,), float32.

    Raises:
        UserError: a signal or the label is missing or of another kind.

    Source:
        Paper, appendix on data sets; Reiss et al., Deep PPG, Sensors 19(14), 2019.
    """
    try:
        wrist = record["signal"]["wrist"]
        scaled = [(_scaled(np.atleast_2d(np.asarray(wrist[key], float).T).T), times) for key, times in SIGNALS.items()]
        signals = [np.repeat(signal, times, axis=0) for signal, times in scaled]
        length = min(map(len, signals))
        joined = np.concatenate([signal[:length] for signal in signals], axis=1)
        heart_rate = _scaled(np.asarray(record["label"], float).reshape(-1))
        return joined, np.concatenate([np.repeat(heart_rate[:1], FRONT), heart_rate])
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise UserError(
            f"Subject {subject} lacks wrist signals or heart rate ({error!r}): get the archive from its source."
        ) from error


def _scaled(values: NDArray[np.float64]) -> NDArray[np.float32]:
    low, high = values.min(), values.max()
    return (2 * (values - low) / (high - low or 1) - 1).astype(np.float32)


def _subjects(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    names = {PurePosixPath(member.filename).name for member in archive.infolist()}
    found = find(archive, {name for name in names if _MEMBER.fullmatch(name)})
    return {name.removesuffix(".pkl"): found[name] for name in sorted(found, key=lambda name: int(name[1:-4]))}
