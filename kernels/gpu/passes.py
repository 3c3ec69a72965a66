"""The kernel launches of each pass, as data; both frameworks run this list."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kernels.gpu import linear, nonlinear
from kernels.passes import ARGUMENTS, RESULTS, KickAt, Pass

#: (channels, warps) per program, with one channel per thread. One warp per program spreads the nonlinear unit over the device.
BLOCKS: dict[str, tuple[int, int]] = {"linear": (128, 4), "nonlinear": (32, 1)}
#: Channels times chunks at which the loads in flight reach the full memory bandwidth.
IN_FLIGHT = 2**18


@dataclass(frozen=True)
class Launch:
    """One launch: ``kernel[grid](*inputs, *scalars, *outputs, **constants)``.

    Args:
        kernel: the Triton function.
        grid: number of programs.
        inputs: names of arrays, either arguments of the pass or outputs of earlier launches.
        scalars: integers.
        outputs: shape by name; dtype and device are those of the inputs.
        constants: compile-time values.
    """

    kernel: Any
    grid: tuple[int, ...]
    inputs: tuple[str, ...]
    scalars: tuple[int, ...]
    outputs: Mapping[str, tuple[int, ...]]
    constants: Mapping[str, Any]


def doublings(length: int, lanes: int) -> int:
    """Return log2 of a chunk's time steps.

    A chunk has about √K time steps, which balances the three launches, or more if there are many channels.

    Args:
        length: time steps K.
        lanes: channels N = n · P.

    Example:
        >>> doublings(10_000, 256)
        7
    """
    return math.ceil(math.log2(max(16.0, math.sqrt(length), length * lanes / IN_FLIGHT)))


def launches(
    hamiltonian: str, name: Pass, length: int, lanes: int, kick_at: KickAt, keep: bool = False, chunk: int | None = None
) -> list[Launch]:
    """Return the launches of one pass, from its ``ARGUMENTS`` to the arrays that ``results`` selects.

    Args:
        hamiltonian: linear or nonlinear.
        name: the pass.
        length: time steps K.
        lanes: channels N = n · P.
        kick_at: position of the kick's force.
        keep: whether ``forward`` stores every momentum (K, N), or only the last (1, N).
        chunk: log2 of a chunk's time steps (linear unit); None: ``doublings``.

    Returns:
        Launches in order.

    Example:
        >>> [launch.kernel.__name__ for launch in launches("nonlinear", "forward", 100, 64, "midpoint")]
        ['forward']
    """
    block, warps = BLOCKS[hamiltonian]
    setting: dict[str, Any] = {"AT_MIDPOINT": kick_at == "midpoint", "BLOCK": block, "num_warps": warps}
    programs = -(-lanes // block)
    path: tuple[int, ...] = (length, lanes)
    given = ARGUMENTS[name]
    outputs: dict[str, tuple[int, ...]] = {"grad_u" if name == "released_echo" else "grad_f": path}
    if name == "forward":
        outputs, setting["KEEP"] = {"phi": path, "pi": path if keep else (1, lanes)}, keep
    if hamiltonian == "nonlinear":
        if name != "forward":
            outputs |= {"sums": (5, lanes)}
        return [Launch(getattr(nonlinear, name), (programs,), given, (length, lanes), outputs, setting)]

    chunk = doublings(length, lanes) if chunk is None else chunk
    chunks, systems, echo = -(-length // 2**chunk), 2 if name.endswith("echo") else 1, name.endswith("echo")
    plain = {key: value for key, value in setting.items() if key != "KEEP"}
    borders: dict[str, Any] = {"CHUNKS": chunks, "DOUBLINGS": chunk, "SYSTEMS": systems, "ADJOINT": name == "adjoint", **plain}
    pair = {"PAIR": name == "pair_echo"} if echo else {}
    of_ends = ("theta", "delta", "g") if name == "adjoint" else given
    ends = Launch(
        getattr(linear, "echo_ends" if echo else f"{name}_ends"), (programs, chunks - 1), of_ends, (length, lanes),
        {"ends": (chunks - 1, 2 * systems, lanes)}, {"LENGTH": 2**chunk, **pair, **plain},
    )  # fmt: skip
    # With one chunk there are no final states to read; any array serves as placeholder.
    carry = Launch(
        linear.carry, (programs,), ("theta", "delta", "ends" if chunks > 1 else "delta"), (lanes,),
        {"starts": (chunks, 2 * systems, lanes)}, borders,
    )  # fmt: skip
    if name == "released_echo":
        outputs["grad_B"] = path
    if name != "forward":
        outputs |= {"parts": (chunks, 2, lanes)}
    own = Launch(
        getattr(linear, name), (programs, chunks), (*given, "starts"), (length, lanes), outputs, {"LENGTH": 2**chunk, **setting}
    )
    adding = {"CHUNKS": chunks, "BLOCK": block, "num_warps": warps}
    fold = Launch(linear.fold, (programs,), ("parts",), (lanes,), {"sums": (2, lanes)}, adding)
    return [*([ends] if chunks > 1 else []), carry, own, *([] if name == "forward" else [fold])]


def chain(length: int, lanes: int, pair: bool) -> Launch:
    """Return the launch that measures the latency bound of the nonlinear unit's passes.

    Args:
        length: time steps K.
        lanes: channels N.
        pair: the time steps of ``pair_echo`` instead of ``forward``.
    """
    block, warps = BLOCKS["nonlinear"]
    constants = {"PAIR": pair, "AT_MIDPOINT": True, "BLOCK": block, "num_warps": warps}
    grid = (-(-lanes // block),)
    return Launch(nonlinear.chain, grid, ("theta", "delta"), (length, lanes), {"end": (lanes,)}, constants)


def results(name: Pass, made: Mapping[str, Any]) -> list[Any]:
    """Return a pass's results in order, from the arrays of all launches.

    The nonlinear released echo has one gradient for both ``grad_u`` and ``grad_B``.

    Args:
        name: the pass.
        made: arrays by name.
    """
    return [made[key] if key in made else made["grad_u"] for key in RESULTS[name]]
