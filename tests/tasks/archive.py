"""Small archives in the exact formats of the real ones."""

import io
import pickle
import zipfile
from pathlib import Path
from typing import ClassVar

import numpy as np


def ts_file(name, x, labels):
    """Write x (n, channels, steps) as the UEA archive's .ts text."""
    head = f"@problemName {name}\n@timeStamps false\n@missing false\n@univariate false\n@dimensions {x.shape[1]}\n"
    head += f"@equalLength true\n@seriesLength {x.shape[2]}\n@classLabel true {' '.join(sorted(set(labels)))}\n@data\n"
    rows = (":".join(",".join(map(repr, map(float, channel))) for channel in sample) for sample in x)
    return head + "".join(f"{row}:{label}\n" for row, label in zip(rows, labels, strict=True))


def arff_file(name, x, labels):
    head = f"@relation {name}\n@attribute relationalAtt relational\n@end relationalAtt\n@attribute class {{a,b}}\n@data\n"
    rows = ("\\n".join(",".join(map(repr, map(float, channel))) for channel in sample) for sample in x)
    return head + "".join(f"'{row}',{label}\n" for row, label in zip(rows, labels, strict=True))


def uea_parts(seed=0):
    """Twelve training and eight test samples, two channels, nine steps; test sample 0 repeats training sample 3."""
    x = np.random.default_rng(seed).normal(size=(20, 2, 9)).astype("f4")
    x[12] = x[3]
    labels = ["b", "a"] * 10
    labels[12] = labels[3]
    return x, labels


def uea_zip(path, name="Toy", suffix=".ts", seed=0, folder=""):
    x, labels = uea_parts(seed)
    write = ts_file if suffix == ".ts" else arff_file
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{folder}{name}_TRAIN{suffix}", write(name, x[:12], labels[:12]))
        archive.writestr(f"{folder}{name}_TEST{suffix}", write(name, x[12:], labels[12:]))
    return path


def toy_card(cards: Path, name="Toy", addresses="", checksums="", samples=19, **changed):
    fields = {
        "name": name, "title": "a toy", "kind": "classification", "samples": samples, "archive_samples": "{train: 12, test: 8}",
        "channels": 2, "length": 9, "outputs": 2, "licence": "none", "citation": "none", "homepage": "none",
    } | changed  # fmt: skip
    text = "".join(f"{key}: {value}\n" for key, value in fields.items())
    text += f"source:\n  format: uea\n  archive: {name}.zip\n  addresses: [{addresses}]\n  checksums: [{checksums}]\n"
    cards.mkdir(parents=True, exist_ok=True)
    (cards / f"{name}.yaml").write_text(text)


class Python2Pickler(pickle._Pickler):
    """Writes what Python 2 wrote: byte strings for all strings, numpy under its old name."""

    dispatch: ClassVar = dict(pickle._Pickler.dispatch)

    def save_string(self, value):
        data = value.encode("latin1") if isinstance(value, str) else value
        if self.proto == 0:
            text = repr(data)[1:].encode("ascii")
            self.write(pickle.STRING + text + b"\n")
        elif len(data) < 256:
            self.write(pickle.SHORT_BINSTRING + bytes([len(data)]) + data)
        else:
            self.write(pickle.BINSTRING + len(data).to_bytes(4, "little") + data)
        self.memoize(value)

    def save_global(self, obj, name=None):
        module = obj.__module__.replace("numpy._core", "numpy.core").replace("builtins", "__builtin__")
        self.write(pickle.GLOBAL + f"{module}\n{name or obj.__name__}\n".encode())
        self.memoize(obj)

    dispatch[str] = dispatch[bytes] = save_string
    dispatch[type] = save_global
    dispatch[type(len)] = save_global
    dispatch[type(lambda: 0)] = save_global


def python2_pickle(value, protocol=2):
    file = io.BytesIO()
    Python2Pickler(file, protocol).dump(value)
    return file.getvalue()


def subject(seed, seconds, chest_hz=10):
    """One subject as PPG-DaLiA's pickles hold it: heart rate every 2 s over windows of 8 s."""
    rng = np.random.default_rng(seed)
    noise = lambda hz, channels: rng.normal(size=(seconds * hz, channels))  # noqa: E731
    return {
        "rpeaks": np.arange(0, seconds * 700, 600),
        "signal": {
            "chest": {"ACC": noise(chest_hz, 3), "ECG": noise(chest_hz, 1)},
            "wrist": {"ACC": noise(32, 3), "BVP": noise(64, 1), "EDA": noise(4, 1), "TEMP": noise(4, 1)},
        },
        "label": 60 + 60 * rng.random((seconds - 8) // 2 + 1),
        "activity": np.zeros((seconds * 4, 1)),
        "questionnaire": {"WEIGHT": 78.0, "Gender": " m", "AGE": 34, "HEIGHT": np.float64(182.0), "SKIN": 3, "SPORT": 6},
        "subject": f"S{seed}",
    }


def ppg_zip(path, subjects, inner=False, dump=python2_pickle):
    """Write {number: record} as the UCI archive: PPG_FieldStudy/S1/S1.pkl and so on, or a data.zip that holds them."""
    where = io.BytesIO() if inner else path
    with zipfile.ZipFile(where, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("PPG_FieldStudy/PPG_FieldStudy_readme.pdf", "text")
        for number, record in subjects.items():
            archive.writestr(f"PPG_FieldStudy/S{number}/S{number}_E4.zip", "raw")
            archive.writestr(f"PPG_FieldStudy/S{number}/S{number}.pkl", dump(record))
    if inner:
        with zipfile.ZipFile(path, "w") as outer:
            outer.writestr("readme.pdf", "text")
            outer.writestr("data.zip", where.getvalue())
    return path
