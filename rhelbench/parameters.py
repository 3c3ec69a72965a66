"""Names, shapes and initial values of all parameters, as NumPy arrays shared by all frameworks."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from rhelbench.contract import Arrays, TaskShape
from rhelbench.registry import HAMILTONIANS, MODELS, Start
from rhelbench.seeds import generator
from rhelbench.spec import RunSpec

Draw = Callable[[np.random.Generator, tuple[int, ...]], NDArray[np.float64]]


def uniform(low: float, high: float) -> Draw:
    """Return a sampler of U(low, high)."""
    return lambda rng, shape: rng.uniform(low, high, shape)


def fan_in(n: int) -> Draw:
    """Return a sampler of U(−1/√n, 1/√n), the usual initialisation of a dense layer with n inputs."""
    return uniform(-(n**-0.5), n**-0.5)


def constant(value: float) -> Draw:
    """Return a sampler that ignores its generator: every entry is ``value``."""
    return lambda _rng, shape: np.full(shape, value, dtype=np.float64)


def _normal(rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.float64]:
    return rng.standard_normal(shape)


def _draw(start: Start, delta_init: float) -> Draw:
    """Return the sampler of a Hamiltonian's value: uniform, constant, or the protocol's ``delta_init``."""
    if start.low is None or start.high is None:
        return constant(delta_init)
    return uniform(start.low, start.high) if start.low < start.high else constant(start.low)


def unit_values(hamiltonian: str, channels: int, rng: np.random.Generator, delta_init: float) -> Arrays:
    """Sample the initial trainable values of one unit's Hamiltonian.

    Args:
        hamiltonian: a key of ``registry.HAMILTONIANS``.
        channels: P.
        rng: random numbers, used in the order of the registry.
        delta_init: initial step size δ where the registry leaves it to the protocol.

    Returns:
        Raw values by letter, (P,) or (), float64.
    """
    starts = HAMILTONIANS[hamiltonian].values.items()
    return {name: _draw(start, delta_init)(rng, (channels,) if start.per == "channel" else ()) for name, start in starts}


def unit_table(model: str, hidden: int, state: int, delta_init: float) -> dict[str, tuple[tuple[int, ...], Draw]]:
    """Return shape and sampler of each parameter of one unit.

    The Hamiltonian's parameters (``registry.HAMILTONIANS``); B (P, H) and C (H, P), or B_re, B_im, C_re, C_im
    for a paired unit; D (H,).

    Args:
        model: a key of ``registry.MODELS``.
        hidden: H.
        state: P.
        delta_init: initial step size δ.

    Source:
        Paper, section 4.
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
    """Return shape and sampler of each parameter by canonical path, in the order of the forward pass.

    Args:
        spec: the run.
        shape: sizes of the task.
    """
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
    """Sample the initial parameters of a run in its own dtype.

    Each path has a separate random stream, so models of other sizes or kinds share their common
    parameters. ``variant.perturbation`` = n > 0 moves every entry by one unit in the last place, up or down
    at random (stream n).

    Args:
        spec: the run.
        shape: sizes of the task.

    Returns:
        Arrays by canonical path, dtype ``spec.dtype``.

    Source:
        Paper, section 4 and appendix; initial values as in the text, not as in the released code.
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
