"""Which kernels a pass launches, as data: either framework runs the list in its own way."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kernels.gpu import linear, nonlinear
from kernels.passes import ARGUMENTS, RESULTS, KickAt, Pass

#: Lanes per program, and their warps: one lane per thread. A lone warp per program spreads the nonlinear chains over the device.
BLOCKS: dict[str, tuple[int, int]] = {"linear": (128, 4), "nonlinear": (32, 1)}
#: Lanes times chunks at which loads are enough in flight for the whole bandwidth.
IN_FLIGHT = 2**18


@dataclass(frozen=True)
class Launch:
    """One launch: ``kernel[grid](*inputs, *scalars, *outputs, **constants)``.

    Args:
        kernel: the Triton function.
        grid: programs.
        inputs: names of arrays, given or made by an earlier launch.
        scalars: integers.
        outputs: name to shape; dtype and device are those of the inputs.
        constants: compile-time values.
    """

    kernel: Any
    grid: tuple[int, ...]
    inputs: tuple[str, ...]
    scalars: tuple[int, ...]
    outputs: Mapping[str, tuple[int, ...]]
    constants: Mapping[str, Any]


def doublings(length: int, lanes: int) -> int:
    """Return log2 of a chunk's steps: about √K, so that all three launches take equally long, and longer where lanes abound."""
    return math.ceil(math.log2(max(16.0, math.sqrt(length), length * lanes / IN_FLIGHT)))


def launches(
    hamiltonian: str, name: Pass, length: int, lanes: int, kick_at: KickAt, keep: bool = False, chunk: int | None = None
) -> list[Launch]:
    """Return the launches of one pass, from the arrays ``ARGUMENTS`` to what ``results`` takes.

    Args:
        hamiltonian: linear or nonlinear.
        name: the pass.
        length: K.
        lanes: N.
        kick_at: where the force is taken.
        keep: whether ``forward`` leaves every momentum, (K, N), or the last alone, (1, N).
        chunk: log2 of the steps of a linear unit's chunk.

    Returns:
        Launches in order.
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
    # With one chunk there are no ends to read: any array will do in their place.
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
    """Return the launch of the nonlinear unit's steps in registers alone, what its passes are measured against.

    Args:
        length: K.
        lanes: N.
        pair: the steps of ``pair_echo`` instead of those of ``forward``.
    """
    block, warps = BLOCKS["nonlinear"]
    constants = {"PAIR": pair, "AT_MIDPOINT": True, "BLOCK": block, "num_warps": warps}
    grid = (-(-lanes // block),)
    return Launch(nonlinear.chain, grid, ("theta", "delta"), (length, lanes), {"end": (lanes,)}, constants)


def results(name: Pass, made: Mapping[str, Any]) -> list[Any]:
    """Return a pass's results in order, from all that its launches made; the nonlinear released echo's grad_B is its grad_u."""
    return [made[key] if key in made else made["grad_u"] for key in RESULTS[name]]
