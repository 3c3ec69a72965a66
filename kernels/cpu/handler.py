"""The trajectories' kernels as XLA calls them (``kernels.cpu.frame``), on all threads of its pool."""

from functools import cache
from typing import Any

from numba import types
from numba.extending import register_jitable

from kernels.cpu import linear, nonlinear
from kernels.cpu.crew import threads, together
from kernels.cpu.frame import ARGUMENTS, RESULTS, attribute, capsule, matrix, runs, vector
from kernels.cpu.launch import BLOCK, ROW, jit, lanes_per_call
from kernels.cpu.offered import call, offer


@register_jitable
def _run(frame, piece, kernel, most=BLOCK):
    """Run a kernel over all lanes, at most so many to a call; the attribute is ``at_third``."""
    if runs(frame):
        lanes = vector(frame, ARGUMENTS, 1).size
        together(frame, piece, kernel, lanes, lanes_per_call(lanes, threads(frame), most), (0, 0, 0, 0))
    return 0


@register_jitable
def _shared(frame):
    """Return θ, δ and f."""
    return matrix(frame, ARGUMENTS, 0), vector(frame, ARGUMENTS, 1), matrix(frame, ARGUMENTS, 2)


@register_jitable
def _forward(kernel, frame, _own, lo, hi):
    theta, delta, f = _shared(frame)
    call(kernel, (theta, delta, f, attribute(frame, 0) != 0, matrix(frame, RESULTS, 0), matrix(frame, RESULTS, 1), lo, hi))


@register_jitable
def _adjoint(kernel, frame, _own, lo, hi):
    theta, delta, f = _shared(frame)
    phi, pi, g = matrix(frame, ARGUMENTS, 3), matrix(frame, ARGUMENTS, 4), matrix(frame, ARGUMENTS, 5)
    grad_f, sums = matrix(frame, RESULTS, 0), matrix(frame, RESULTS, 1)
    call(kernel, (theta, delta, f, phi, pi, g, attribute(frame, 0) != 0, grad_f, sums, lo, hi))


@register_jitable
def _kept(frame):
    """Return g, ε and the final state."""
    g, epsilon = matrix(frame, ARGUMENTS, 3), vector(frame, ARGUMENTS, 4)
    return g, epsilon, vector(frame, ARGUMENTS, 5), vector(frame, ARGUMENTS, 6)


@register_jitable
def _pair_echo(kernel, frame, _own, lo, hi):
    theta, delta, f = _shared(frame)
    g, epsilon, phi, pi = _kept(frame)
    grad_f, sums = matrix(frame, RESULTS, 0), matrix(frame, RESULTS, 1)
    call(kernel, (theta, delta, f, g, epsilon, phi, pi, attribute(frame, 0) != 0, grad_f, sums, lo, hi))


@register_jitable
def _released_echo(kernel, frame, _own, lo, hi):
    theta, delta, f = _shared(frame)
    g, epsilon, phi, pi = _kept(frame)
    grad_u, grad_B, sums = matrix(frame, RESULTS, 0), matrix(frame, RESULTS, 1), matrix(frame, RESULTS, 2)
    call(kernel, (theta, delta, f, g, epsilon, phi, pi, attribute(frame, 0) != 0, grad_u, grad_B, sums, lo, hi))


# One function per kernel, by name: a closure over the kernel could not be cached on disk.
@jit
def _linear_forward(frame):
    return _run(frame, _forward, linear.forward, ROW)


@jit
def _linear_adjoint(frame):
    return _run(frame, _adjoint, linear.adjoint)


@jit
def _linear_pair_echo(frame):
    return _run(frame, _pair_echo, linear.pair_echo)


@jit
def _linear_released_echo(frame):
    return _run(frame, _released_echo, linear.released_echo)


@jit
def _nonlinear_forward(frame):
    return _run(frame, _forward, nonlinear.forward, ROW)


@jit
def _nonlinear_adjoint(frame):
    return _run(frame, _adjoint, nonlinear.adjoint)


@jit
def _nonlinear_pair_echo(frame):
    return _run(frame, _pair_echo, nonlinear.pair_echo)


@jit
def _nonlinear_released_echo(frame):
    return _run(frame, _released_echo, nonlinear.released_echo)


#: Dimensions of a kernel's arrays, in the order of its arguments, before and after ``at_third``.
_ARRAYS: dict[str, tuple[tuple[int, ...], tuple[int, ...]]] = {
    "forward": ((2, 1, 2), (2, 2)),
    "adjoint": ((2, 1, 2, 2, 2, 2), (2, 2)),
    "pair_echo": ((2, 1, 2, 2, 1, 1, 1), (2, 2)),
    "released_echo": ((2, 1, 2, 2, 1, 1, 1), (2, 2, 2)),
}
_UNITS = {"linear": linear, "nonlinear": nonlinear}
_HANDLERS: dict[tuple[str, str], Any] = {(unit, kernel): globals()[f"_{unit}_{kernel}"] for unit in _UNITS for kernel in _ARRAYS}


@cache
def handler(hamiltonian: str, kernel: str, dtype: str) -> Any:
    """Return a handler as ``kernels.cpu.frame.capsule`` does.

    Args:
        hamiltonian: ``"linear"`` or ``"nonlinear"``.
        kernel: ``"forward"``, ``"adjoint"``, ``"pair_echo"`` or ``"released_echo"``.
        dtype: ``"float32"`` or ``"float64"``, of every buffer.
    """
    given, made = (tuple(types.Array(getattr(types, dtype), n, "C") for n in sizes) for sizes in _ARRAYS[kernel])
    offer(getattr(_UNITS[hamiltonian], kernel), (*given, types.boolean, *made, types.intp, types.intp))
    return capsule(_HANDLERS[hamiltonian, kernel], dtype)
