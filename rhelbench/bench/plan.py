"""The measurements, as data: whole models at the released code's shapes, and one unit's recurrence."""

from typing import Any

import pandas as pd

from rhelbench import files
from rhelbench.bench import rivals
from rhelbench.config.protocols import CONFIG
from rhelbench.errors import UserError
from rhelbench.spec import Frozen

#: Tables of whole models and of units, by file stem.
MODELS = "models"
#: Key columns of a measurement.
KEYS = ("task", "framework", "kernel", "model", "algorithm", "batch", "length", "channels", "hidden", "state", "blocks")
#: Key columns of a GPU kernel's pass.
PASS_KEYS = ("hamiltonian", "pass", "kept", "length", "lanes")


class Measurement(Frozen):
    """One measurement. A single unit has no task, and channels, hidden and blocks are 0.

    Args:
        table: the CSV table.
        task: task of a whole model, for read-out and loss; empty for a unit.
        framework: a name of ``registry.FRAMEWORKS``.
        kernel: as in ``RunSpec``.
        model: a name of ``registry.MODELS``.
        algorithm: one of ``registry.RULES``.
        batch: samples.
        length: time steps K.
        channels: d, input features.
        hidden: H.
        state: P, channels of a unit; a complex one has 2P real channels.
        blocks: number of blocks.
        protocol: supplies all other settings.
        steps_per_call: optimiser steps per call of a whole model.
        calls: minimum number of timed calls.
        seconds: minimum time of all calls.
    """

    table: str
    task: str
    framework: str
    kernel: str
    model: str
    algorithm: str
    batch: int
    length: int
    channels: int
    hidden: int
    state: int
    blocks: int
    protocol: str
    steps_per_call: int
    calls: int
    seconds: float

    @property
    def key(self) -> dict[str, Any]:
        """Key of the measurement."""
        return {name: getattr(self, name) for name in KEYS}

    def __str__(self) -> str:
        sizes = f"batch {self.batch}, length {self.length}, state {self.state}"
        return f"{self.table}: {self.task or sizes}, {self.framework} ({self.kernel}), {self.model}, {self.algorithm}"


def read() -> dict[str, Any]:
    """Read config/benchmarks.yaml."""
    return files.read_mapping(files.find(CONFIG / "benchmarks.yaml"))


def measurements() -> list[Measurement]:
    """Return every measurement of config/benchmarks.yaml, whole models first, the fastest shapes first."""
    config = read()
    names = [
        {"framework": framework, "kernel": kernel, "model": model, "algorithm": algorithm}
        for framework, kernels in config["kernels"].items()
        for kernel in kernels
        for model in config["models"]
        for algorithm in config["algorithms"]
    ]
    common = {name: config[name] for name in ("protocol", "steps_per_call", "calls", "seconds")}
    shapes = [shape | {"table": MODELS} for shape in rivals.shapes()]
    for table, varied in config["units"].items():
        ((name, values),) = varied.items()
        nothing = {"table": table, "task": "", "channels": 0, "hidden": 0, "blocks": 0}
        shapes += [config["unit"] | {name: value} | nothing for value in values]
    return [Measurement.model_validate(common | shape | one) for shape in shapes for one in names]


def choose(found: list[Measurement], wanted: dict[str, list[str]]) -> list[Measurement]:
    """Return the measurements whose fields have one of the wanted values.

    Args:
        found: measurements.
        wanted: values by field; a field without values excludes nothing.

    Raises:
        UserError: no measurement has such a value.
    """
    for field, values in wanted.items():
        known = list(dict.fromkeys(getattr(cell, field) for cell in found))
        if wrong := [value for value in values if value not in known]:
            raise UserError(f"No benchmark has {field} '{wrong[0]}': use one of {', '.join(filter(None, known))}.")
        found = [cell for cell in found if not values or getattr(cell, field) in values]
    return found


def merge(before: pd.DataFrame | None, row: dict[str, Any], keys: tuple[str, ...] = KEYS) -> pd.DataFrame:
    """Return a table with ``row`` in place of the row with the same keys, or appended."""
    new = pd.DataFrame([row])
    if before is None or before.empty:
        return new
    before = before.fillna({"task": ""})
    same = (before[list(keys)].astype(str) == new[list(keys)].astype(str).iloc[0]).all(axis=1)
    return pd.concat([before[~same], new], ignore_index=True)
