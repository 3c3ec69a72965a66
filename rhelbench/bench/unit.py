"""One unit: the recurrence from its drive to its positions and back, without read-in and read-out."""

from importlib import import_module
from typing import Any

import numpy as np

from rhelbench.bench.plan import Measurement
from rhelbench.bench.timing import repeat, spread
from rhelbench.config.protocols import read_protocol, resolve_switches
from rhelbench.contract import Arrays
from rhelbench.parameters import unit_table
from rhelbench.registry import FRAMEWORKS, MODELS
from rhelbench.seeds import generator
from rhelbench.spec import Switches


def problem(cell: Measurement) -> tuple[Switches, Arrays, np.ndarray, np.ndarray]:
    """Return switches, raw parameters, drive and dL/dφ of a unit; the last two ~ N(0, 1), float32."""
    switches = Switches.model_validate(resolve_switches(read_protocol(cell.protocol), cell.length, cell.algorithm, cell.model))
    rng = generator("bench/unit", "drawn", 0, 0)
    table = unit_table(cell.model, 1, cell.state, switches.delta_init)
    raw = {letter: draw(rng, shape).astype(np.float32) for letter, (shape, draw) in table.items()}
    lanes = cell.state * (2 if MODELS[cell.model].paired else 1)
    f, g = rng.standard_normal((2, cell.length, cell.batch, lanes), np.float32)
    return switches, raw, f, g


def measure(cell: Measurement) -> dict[str, Any]:
    """Return the time of forward and backward, and the memory beyond f, φ and the gradients."""
    bench = import_module(str(FRAMEWORKS[cell.framework].bench))
    unit = bench.recurrence(cell.model, cell.kernel, *problem(cell))
    unit.call()
    return {**spread(repeat(unit.call, cell.calls, cell.seconds)), "state_bytes": unit.state_bytes()}
