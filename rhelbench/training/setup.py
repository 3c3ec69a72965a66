"""Data and learner of a run's specification."""

import socket
import threading
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rhelbench.contract import Learner, TaskShape
from rhelbench.errors import UserError, not_installed
from rhelbench.registry import FRAMEWORKS
from rhelbench.spec import RunSpec
from rhelbench.tasks import card, splits, store

PARTS = ("train", "val", "test")
#: The seeds of a vectorised job load in threads, but the library that reads the store is not thread-safe.
_ONE_AT_A_TIME = threading.Lock()


@dataclass(frozen=True)
class Problem:
    """The data of a run.

    Args:
        parts: inputs (n, L, d) in the run's dtype, and labels (n,) int32 or targets (n, K, c), by part.
        shape: sizes of the task.
        digests: SHA-256 of the prepared data and of the split.
    """

    parts: dict[str, tuple[NDArray[Any], NDArray[Any]]]
    shape: TaskShape
    digests: dict[str, str]


def check(spec: RunSpec, data: Path) -> None:
    """Check that a run's task is prepared, without reading its data.

    Raises:
        UserError: it is not prepared.
    """
    store.read_facts(spec.task, data)


def load(spec: RunSpec, data: Path) -> Problem:
    """Read and split a prepared task.

    Args:
        spec: the run.
        data: folder of prepared tasks.

    Raises:
        UserError: the task is not prepared, or its data do not match its dataset card.
    """
    with _ONE_AT_A_TIME:
        prepared = store.load(spec.task, data)
        split = splits.split(prepared, spec.switches.split, spec.seed)
        parts: dict[str, tuple[NDArray[Any], NDArray[Any]]] = {}
        for name in PARTS:
            x, y = splits.arrays(prepared, split, name, spec.hyper.time_channel)
            kind = np.int32 if np.issubdtype(y.dtype, np.integer) else spec.dtype
            parts[name] = np.ascontiguousarray(x, spec.dtype), np.ascontiguousarray(y, kind)
    shape = card.load(spec.task).shape(spec.hyper.time_channel)
    return Problem(parts, shape, {"data": prepared.digest, "split": split.digest})


def make_learner(spec: RunSpec, shape: TaskShape) -> Learner:
    """Build the run's learner.

    Raises:
        UserError: the framework is not installed.
    """
    return load_framework(spec.framework).make_learner(spec, shape)


def load_framework(name: str) -> ModuleType:
    """Import a framework's learner module.

    Raises:
        UserError: its package is not installed.
    """
    try:
        return import_module(FRAMEWORKS[name].learner)
    except ModuleNotFoundError as error:
        if error.name != FRAMEWORKS[name].package:
            raise
        raise not_installed(name, name) from error


def configure_process(name: str) -> None:
    """Apply a framework's process-wide settings, if any; only for a command that owns its process."""
    getattr(load_framework(name), "configure_process", lambda: None)()


def require(name: str, device: str | None) -> str:
    """Return the device of a framework.

    Args:
        name: a key of ``registry.FRAMEWORKS``.
        device: ``cpu``, ``cuda``, or None for any.

    Returns:
        For example ``"cpu"`` or ``"cuda: …"``.

    Raises:
        UserError: a GPU is required and the framework has none here, or the framework is not installed.
    """
    try:
        found, why = str(load_framework(name).device()), ""
    except (AssertionError, RuntimeError) as error:  # JAX, if JAX_PLATFORMS names an absent device
        if device == "cpu":
            raise
        found, why = "", f" ({str(error).splitlines()[0]})" if str(error) else ""
    if not found or (device == "cuda" and not found.startswith("cuda")):
        raise UserError(
            f"{FRAMEWORKS[name].label} finds no GPU on {socket.gethostname()}{why}, but one is asked for: check `nvidia-smi` and "
            f"that {name} is installed with CUDA (docs/cluster.md), or ask for --device cpu (in a configuration: device: cpu)."
        )
    return found
