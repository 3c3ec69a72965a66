"""Names, shapes and initial values of every parameter, as NumPy products shared by all frameworks."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from rhelbench.contract import Arrays, TaskShape
from rhelbench.registry import HAMILTONIANS, MODELS, Start
from rhelbench.seeds import generator
from rhelbench.spec import RunSpec

Draw = Callable[[np.random.Generator, tuple[int, ...]], NDArray[np.float64]]


def uniform(low: float, high: float) -> Draw:
    """Return a draw from U(low, high)."""
    return lambda rng, shape: rng.uniform(low, high, shape)


def fan_in(n: int) -> Draw:
    """Return a draw from U(−1/√n, 1/√n), the usual start of a dense layer with n inputs."""
    return uniform(-(n**-0.5), n**-0.5)


def constant(value: float) -> Draw:
    """Return a draw that ignores its generator: every entry is ``value``."""
    return lambda _rng, shape: np.full(shape, value, dtype=np.float64)


def _normal(rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.float64]:
    return rng.standard_normal(shape)


def _draw(start: Start, delta_init: float) -> Draw:
    """Return the draw of a Hamiltonian's value: uniform, constant, or the protocol's ``delta_init``."""
    if start.low is None or start.high is None:
        return constant(delta_init)
    return uniform(start.low, start.high) if start.low < start.high else constant(start.low)


def unit_values(hamiltonian: str, channels: int, rng: np.random.Generator, delta_init: float) -> Arrays:
    """Draw the trainable values of one unit's Hamiltonian as a model starts with them.

    Args:
        hamiltonian: a key of ``registry.HAMILTONIANS``.
        channels: P.
        rng: draws the values in the order of the registry.
        delta_init: start of a step that the registry leaves to the protocol.

    Returns:
        Raw values by letter, (P,) or (), float64.
    """
    starts = HAMILTONIANS[hamiltonian].values.items()
    return {name: _draw(start, delta_init)(rng, (channels,) if start.per == "channel" else ()) for name, start in starts}


def unit_table(model: str, hidden: int, state: int, delta_init: float) -> dict[str, tuple[tuple[int, ...], Draw]]:
    """Return one unit's parameters: name to (shape, draw), sizes P = ``state`` and H = ``hidden`` (paper, section 4).

    Those of its Hamiltonian (``registry.HAMILTONIANS``); B_re, B_im (P, H) and C_re, C_im (H, P) of a paired unit, B and C of
    others; D (H,) feeds the input through.
    """
    entry = MODELS[model]
    read_in, read_out = fan_in(hidden), fan_in(state)
    table: dict[str, tuple[tuple[int, ...], Draw]] = {}
    if entry.hamiltonian is not None:
        for letter, start in HAMILTONIANS[entry.hamiltonian].values.items():
            table[letter] = ((state,) if start.per == "channel" else (), _draw(start, delta_init))
        parts = ("_re", "_im") if entry.paired else ("",)
        table |= {f"B{part}": ((state, hidden), read_in) for part in parts}
        table |= {f"C{part}": ((hidden, state), read_out) for part in parts}
    return table | {"D": ((hidden,), _normal)}


def parameter_table(spec: RunSpec, shape: TaskShape) -> dict[str, tuple[tuple[int, ...], Draw]]:
    """Return every parameter of the model: canonical path to (shape, draw), in the order of the forward pass."""
    h = spec.hyper.hidden
    rows: dict[str, tuple[tuple[int, ...], Draw]] = {
        "encoder.weight": ((h, shape.channels), fan_in(shape.channels)),
        "encoder.bias": ((h,), fan_in(shape.channels)),
    }
    for i in range(spec.hyper.blocks):
        for name, row in unit_table(spec.model, h, spec.hyper.state, spec.switches.delta_init).items():
            rows[f"blocks.{i}.hru.{name}"] = row
        for name in ("1", "2"):
            rows[f"blocks.{i}.glu.W{name}"] = ((h, h), fan_in(h))
            rows[f"blocks.{i}.glu.b{name}"] = ((h,), fan_in(h))
    rows["decoder.weight"] = ((shape.outputs, h), fan_in(h))
    rows["decoder.bias"] = ((shape.outputs,), fan_in(h))
    return rows


def initial_parameters(spec: RunSpec, shape: TaskShape) -> Arrays:
    """Draw the initial parameters of a run in its own dtype.

    Each path has a stream of its own, so that models of other sizes or kinds share what they have in common.
    ``variant.perturbation`` = n > 0 moves every entry by one unit in the last place, up or down at random (stream n).

    Args:
        spec: the run.
        shape: the task's sizes.

    Returns:
        Canonical path to array, dtype ``spec.dtype``.

    Source:
        Paper, section 4 and appendix; initial values of the text, not the released code's draws.
    """
    arrays: Arrays = {}
    names = (spec.task, spec.seed, spec.seed)
    for path, (size, draw) in parameter_table(spec, shape).items():
        values = draw(generator(f"parameters/{path}", *names), size).astype(spec.dtype)
        if spec.variant.perturbation:
            up = generator(f"perturbation/{spec.variant.perturbation}/{path}", *names).random(size) < 0.5
            values = np.nextafter(values, np.where(up, np.inf, -np.inf).astype(spec.dtype))
        arrays[path] = np.asarray(values, dtype=spec.dtype)
    return arrays
