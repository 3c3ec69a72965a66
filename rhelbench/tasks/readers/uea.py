"""The UEA archive's files: <Name>_TRAIN and <Name>_TEST, each .ts or .arff, read with aeon."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from rhelbench.errors import UserError
from rhelbench.tasks.unpack import opened, unpack


@dataclass(frozen=True)
class Samples:
    """Samples as the files hold them, train part first.

    Args:
        x: (n, L, d), float32, C order.
        labels: (n,) class names in lower case; one name for all where there are targets.
        in_test: (n,) bool; none is where the files have no test part.
        targets: (n, K, c), float32, of a regression.
    """

    x: NDArray[np.float32]
    labels: NDArray[np.str_]
    in_test: NDArray[np.bool_]
    targets: NDArray[np.float32] | None = None


def read(source: Path, scratch: Path, name: str) -> Samples:
    """Read both parts of a problem and join them.

    Args:
        source: the zip archive, or a folder with the files.
        scratch: an empty folder, for what is unpacked.
        name: the problem, for example ``"Heartbeat"``.

    Raises:
        UserError: a part is missing, unreadable, or its samples differ in length.
    """
    folder = source
    if source.is_file():
        folder = scratch
        with opened(source) as archive:
            unpack(archive, {f"{name}_{part}{suffix}" for part in ("TRAIN", "TEST") for suffix in (".ts", ".arff")}, scratch)
    parts = [_part(folder, f"{name}_{part}", source) for part in ("TRAIN", "TEST")]
    if parts[0][0].shape[1:] != parts[1][0].shape[1:]:
        shapes = [part[0].shape[1:] for part in parts]
        raise UserError(f"{name}: train and test samples differ in shape ({shapes[0]} and {shapes[1]}): get another archive.")
    x = np.concatenate([part[0] for part in parts])
    labels = np.concatenate([part[1] for part in parts])
    return Samples(x, labels, np.arange(len(x)) >= len(parts[0][0]))


def _part(folder: Path, stem: str, source: Path) -> tuple[NDArray[np.float32], NDArray[np.str_]]:
    from aeon.datasets import load_from_arff_file, load_from_ts_file

    for suffix, reader in ((".ts", load_from_ts_file), (".arff", load_from_arff_file)):
        path = folder / (stem + suffix)
        if not path.exists():
            continue
        try:
            x, labels = cast(Any, reader)(str(path))
            if not isinstance(x, np.ndarray) or x.ndim != 3 or not len(x):
                raise ValueError("its samples differ in length, or there are none")
        except (OSError, ValueError, IndexError) as error:
            raise UserError(f"{path.name} of {source} can't be read ({error}): delete it and prepare again.") from error
        x = np.ascontiguousarray(x.transpose(0, 2, 1), np.float32)  # aeon: (n, channels, steps)
        return x, np.char.lower(np.asarray(labels, np.str_))
    raise UserError(f"{source} holds neither {stem}.ts nor {stem}.arff: get a complete archive.")
