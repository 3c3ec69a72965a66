"""Read vectors from the public RHEL code and translate its names and shapes.

A file is an ``.npz`` of one of ``KINDS``, by the prefix of its name: ``lin_layer_…`` and ``nonlin_layer_…`` have
one unit, ``model_…`` a whole stack. tests/golden/README.md describes the arrays. Gradients for values after an
activation (A, step size of a linear unit, c_eff) have no counterpart here and are skipped.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rhelbench.contract import Arrays
from rhelbench.errors import UserError

#: Canonical letter by the released code's letter, for units.
LETTERS: dict[str, str] = {
    "A_raw": "a", "A_diag": "a", "steps_raw": "s", "steps": "s",
    "W_diag": "w", "b": "b", "c_raw": "c", "c": "c", "alpha": "alpha", "step": "delta",
    "B": "B", "B_raw": "B", "C": "C", "C_raw": "C", "D": "D", "u": "u",
}  # fmt: skip
#: Canonical path by the released code's path below ``blocks.<i>.``, for the rest of a block.
LAYERS: dict[str, str] = {
    "glu.w1.weight": "glu.W1", "glu.w1.bias": "glu.b1", "glu.w2.weight": "glu.W2", "glu.w2.bias": "glu.b2",
}  # fmt: skip
#: ε by stored tag; these arrays come from the released learning rule.
TAGS: dict[str, float] = {"rhel_e1e-1": 1e-1, "rhel_e1e-3": 1e-3}
#: Model and integrator by the prefix of a file's name.
KINDS: dict[str, tuple[str, str]] = {
    "lin_layer_complex": ("linear", "leapfrog"),
    "lin_layer_real": ("linear-real", "leapfrog"),
    "nonlin_layer_official": ("nonlinear", "leapfrog_released"),
    "nonlin_layer_paper": ("nonlinear", "leapfrog"),
    "model_LinHRU_complex": ("linear", "leapfrog"),
    "model_LinHRU_real": ("linear-real", "leapfrog"),
    "model_NonlinHRU": ("nonlinear", "leapfrog_released"),
}


@dataclass(frozen=True)
class Vectors:
    """One file: its name, model, integrator, and stored arrays."""

    name: str
    model: str
    integrator: str
    arrays: Arrays


def load(folder: Path) -> list[Vectors]:
    """Read all ``.npz`` files of a folder, ordered by name.

    Raises:
        UserError: no such folder, no file in it, or a file of another kind.
    """
    paths = sorted(folder.glob("*.npz"))
    if not paths:
        raise UserError(f"No .npz file in {folder}: give the folder that holds the vectors, for example tests/golden.")
    found = []
    for path in paths:
        kind = next((kind for kind in KINDS if path.stem.startswith(kind)), None)
        if kind is None:
            raise UserError(f"{path} is no vector file this program knows: its name must begin with one of {', '.join(KINDS)}.")
        with np.load(path) as data:
            found.append(Vectors(path.stem, *KINDS[kind], {key: data[key] for key in data.files}))
    return found


def letter(name: str, value: np.ndarray, model: str) -> Arrays:
    """Translate one of a unit's arrays: letter, complex parts, shape of scalars.

    A trailing axis of two is (Re, Im) of B and C; the real model uses Re only.
    """
    ours = LETTERS[name]
    if ours in ("B", "C") and value.ndim == 3:
        return {f"{ours}_re": value[..., 0], f"{ours}_im": value[..., 1]} if model == "linear" else {ours: value[..., 0]}
    return {ours: value.reshape(()) if ours in ("alpha", "delta") else value}


def unit_arrays(vectors: Vectors, prefix: str = "") -> Arrays:
    """Return a layer file's arrays below a prefix by letter: parameters (``""``) or gradients (``"bptt_g_"``)."""
    out: Arrays = {}
    linear = vectors.model != "nonlinear"
    for name in LETTERS:
        if prefix + name in vectors.arrays and not (linear and name == "step"):
            out |= letter(name, vectors.arrays[prefix + name], vectors.model)
    return out


def path_arrays(vectors: Vectors, prefix: str) -> Arrays:
    """Return a model file's arrays below a prefix, such as ``"param."``, by canonical path."""
    out: Arrays = {}
    for key, value in vectors.arrays.items():
        path = key.removeprefix(prefix)
        if path == key or path == "losses":
            continue
        if not path.startswith("blocks."):
            out[path] = value
            continue
        _, i, rest = path.split(".", 2)
        if rest in LAYERS:
            out[f"blocks.{i}.{LAYERS[rest]}"] = value
        else:
            unit = letter(rest.removeprefix("ssm."), value, vectors.model)
            out |= {f"blocks.{i}.hru.{name}": part for name, part in unit.items()}
    return out


def norm_arrays(vectors: Vectors, call: int) -> Arrays:
    """Return the norm statistics after training call 1 or 2, by the names of a learner's state."""
    out: Arrays = {}
    for key, value in vectors.arrays.items():
        if key.startswith(f"bn{call}."):
            _, _, i, _, which = key.split(".")
            out[f"norm.blocks.{i}.{'mean' if which == 'running_mean' else 'var'}"] = value
    return out
