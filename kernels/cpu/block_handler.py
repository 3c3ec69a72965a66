"""The kernels of ``head`` and ``tail`` as XLA calls them (``kernels.cpu.frame``), on all threads of its pool.

Operands and results by handler, arrays as there; what stands twice, as operand and as result, is changed in its place:
moments: x; mean, var. head: x, mean, rate, B; u, f. drive: u, B, anything; f.
tail: x, u, phi, C, D, W, b1, b2, two masks' bits; out, slope, y, ab.
tail_back: u, phi, C, D, W, b1, b2, two masks' bits, slope, y, ab, g; of_u, of_phi, to_C, to_D, to_W, to_b.
head_back: u, B, of_f, of_B, g; g, to_B, sums (2, H). normalise_back: g, u, beside, rate, slope, shift; g.
later: a key, anything; the key, which no compiler knows to be the same.
Bits are uint16 and keep an entry where they are at least the attribute ``limit``, out of 2¹⁶.
"""

from functools import cache
from typing import Any

import numpy as np
from numba import types
from numba.extending import register_jitable

from kernels.cpu import head, tail
from kernels.cpu.frame import ARGUMENTS, RESULTS, attribute, bits, capsule, matrix, runs, vector, words
from kernels.cpu.launch import jit, parts_of
from kernels.cpu.offered import call, offer
from kernels.cpu.parts import at, double, over_rows, own_like, sums_like, total
from kernels.cpu.product import bind


@register_jitable
def _row_by_row(frame, piece, kernel):
    """Run a kernel that needs no arrays but its buffers, the first of which has all rows."""
    if runs(frame):
        over_rows(frame, piece, kernel, len(matrix(frame, ARGUMENTS, 0)), (0, 0, 0, 0))
    return 0


@register_jitable
def _moments_piece(kernel, frame, own, lo, hi):
    x = matrix(frame, ARGUMENTS, 0)
    shape = head.stretches(len(x)), x.shape[1]
    call(kernel, (x, own_like(frame, own, 0, shape), own_like(frame, own, 1, shape), parts_of(len(x))[1], lo, hi))


@jit
def _moments(frame):
    if runs(frame):
        x = matrix(frame, ARGUMENTS, 0)
        made = np.empty((2, head.stretches(len(x)), x.shape[1]), x.dtype)
        means, squares = made[0], made[1]
        over_rows(frame, _moments_piece, head.moments, len(x), (at(means), at(squares), 0, 0))
        call(head.combine, (means, squares, len(x), vector(frame, RESULTS, 0), vector(frame, RESULTS, 1)))
    return 0


@register_jitable
def _head_piece(kernel, frame, _own, lo, hi):
    x, mean, rate = matrix(frame, ARGUMENTS, 0), vector(frame, ARGUMENTS, 1), vector(frame, ARGUMENTS, 2)
    B, u, f = matrix(frame, ARGUMENTS, 3), matrix(frame, RESULTS, 0), matrix(frame, RESULTS, 1)
    call(kernel, (x, mean, rate, B, u, f, parts_of(len(x))[1], lo, hi))


@jit
def _head(frame):
    return _row_by_row(frame, _head_piece, head.head)


@register_jitable
def _drive_piece(kernel, frame, _own, lo, hi):
    u, B = matrix(frame, ARGUMENTS, 0), matrix(frame, ARGUMENTS, 1)
    call(kernel, (u, B, matrix(frame, RESULTS, 0), parts_of(len(u))[1], lo, hi))


@jit
def _drive(frame):
    return _row_by_row(frame, _drive_piece, head.drive)


@register_jitable
def _weights(frame, i):
    """Return C, D, W, b1 and b2, operands i on."""
    C, D, W = matrix(frame, ARGUMENTS, i), vector(frame, ARGUMENTS, i + 1), matrix(frame, ARGUMENTS, i + 2)
    return C, D, W, vector(frame, ARGUMENTS, i + 3), vector(frame, ARGUMENTS, i + 4)


@register_jitable
def _mask(frame, i, rows):
    drawn, limit = bits(frame, i), attribute(frame, 0)
    return drawn, rows // len(drawn), np.uint16(limit), 1.0 / (1.0 - limit / 2**16)


@register_jitable
def _tail_piece(kernel, frame, _own, lo, hi):
    x, u, phi = matrix(frame, ARGUMENTS, 0), matrix(frame, ARGUMENTS, 1), matrix(frame, ARGUMENTS, 2)
    masks = _mask(frame, 8, len(x)), _mask(frame, 9, len(x))
    kept = matrix(frame, RESULTS, 1), matrix(frame, RESULTS, 2), matrix(frame, RESULTS, 3)
    call(kernel, (x, u, phi, _weights(frame, 3), masks, kept, matrix(frame, RESULTS, 0), parts_of(len(x))[1], lo, hi))


@jit
def _tail(frame):
    return _row_by_row(frame, _tail_piece, tail.tail)


@register_jitable
def _tail_back_piece(kernel, frame, own, lo, hi):
    u, phi, weights = matrix(frame, ARGUMENTS, 0), matrix(frame, ARGUMENTS, 1), _weights(frame, 2)
    masks = _mask(frame, 7, len(u)), _mask(frame, 8, len(u))
    kept = matrix(frame, ARGUMENTS, 9), matrix(frame, ARGUMENTS, 10), matrix(frame, ARGUMENTS, 11)
    (count, size), H, P = parts_of(len(u)), u.shape[1], phi.shape[1]
    to_C, to_D = own_like(frame, own, 0, (count, H, P)), double(own, 1, (count, H))
    to_W, to_b = own_like(frame, own, 2, (count, 2 * H, H)), double(own, 3, (count, 2 * H))
    of_u, of_phi = matrix(frame, RESULTS, 0), matrix(frame, RESULTS, 1)
    call(
        kernel, (u, phi, weights, masks, kept, matrix(frame, ARGUMENTS, 12), of_u, of_phi, (to_C, to_D, to_W, to_b), size, lo, hi)
    )


@jit
def _tail_back(frame):
    if runs(frame):
        u, phi = matrix(frame, ARGUMENTS, 0), matrix(frame, ARGUMENTS, 1)
        count, H, P = parts_of(len(u))[0], u.shape[1], phi.shape[1]
        to_C, to_D = sums_like(u, count, H, P), np.empty((count, H))
        to_W, to_b = sums_like(u, count, 2 * H, H), np.empty((count, 2 * H))
        own = at(to_C), at(to_D), at(to_W), at(to_b)
        over_rows(frame, _tail_back_piece, tail.tail_back, len(u), own)
        total(to_C, matrix(frame, RESULTS, 2))
        total(to_D, vector(frame, RESULTS, 3))
        total(to_W, matrix(frame, RESULTS, 4))
        total(to_b, vector(frame, RESULTS, 5))
    return 0


@register_jitable
def _head_back_piece(kernel, frame, own, lo, hi):
    u, B, of_f = matrix(frame, ARGUMENTS, 0), matrix(frame, ARGUMENTS, 1), matrix(frame, ARGUMENTS, 2)
    (count, size), (P, H) = parts_of(len(u)), B.shape
    to_B, sums = own_like(frame, own, 0, (count, P, H)), double(own, 1, (count, 2, H))
    call(kernel, (u, B, of_f, matrix(frame, ARGUMENTS, 3), matrix(frame, RESULTS, 0), to_B, sums, size, lo, hi))


@jit
def _head_back(frame):
    if runs(frame):
        u, (P, H) = matrix(frame, ARGUMENTS, 0), matrix(frame, ARGUMENTS, 1).shape
        count = parts_of(len(u))[0]
        to_B, sums = sums_like(u, count, P, H), np.empty((count, 2, H))
        over_rows(frame, _head_back_piece, head.head_back, len(u), (at(to_B), at(sums), 0, 0))
        total(to_B, matrix(frame, RESULTS, 1))
        total(sums, matrix(frame, RESULTS, 2))
    return 0


@register_jitable
def _normalise_back_piece(kernel, frame, _own, lo, hi):
    g, u, beside = matrix(frame, RESULTS, 0), matrix(frame, ARGUMENTS, 1), matrix(frame, ARGUMENTS, 2)
    rate, slope, shift = vector(frame, ARGUMENTS, 3), vector(frame, ARGUMENTS, 4), vector(frame, ARGUMENTS, 5)
    call(kernel, (g, u, beside, rate, slope, shift, parts_of(len(u))[1], lo, hi))


@jit
def _normalise_back(frame):
    return _row_by_row(frame, _normalise_back_piece, head.normalise_back)


@jit
def _later(frame):
    if runs(frame):
        words(frame, RESULTS, 0)[:] = words(frame, ARGUMENTS, 0)
    return 0


_HANDLERS: dict[str, Any] = {
    name: globals()[f"_{name}"]
    for name in ("moments", "head", "drive", "tail", "tail_back", "head_back", "normalise_back", "later")
}


def _kernels(name: str, real: Any) -> list[tuple[Any, tuple[Any, ...]]]:
    """Return the kernels that a handler calls, with the types of their arguments."""
    row, rows, parts, rest = (types.Array(real, 1, "C"), types.Array(real, 2, "C"), types.Array(real, 3, "C"), (types.intp,) * 3)
    double, doubles = types.Array(types.float64, 2, "C"), types.Array(types.float64, 3, "C")
    mask = types.Tuple((types.Array(types.uint16, 2, "C"), types.intp, types.uint16, types.float64))
    weights, pair, kept = types.Tuple((rows, row, rows, row, row)), types.UniTuple(mask, 2), types.UniTuple(rows, 3)
    sums = types.Tuple((parts, double, parts, double))
    return {
        "moments": [(head.moments, (rows, rows, rows, *rest)), (head.combine, (rows, rows, types.intp, row, row))],
        "head": [(head.head, (rows, row, row, rows, rows, rows, *rest))],
        "drive": [(head.drive, (rows, rows, rows, *rest))],
        "tail": [(tail.tail, (rows, rows, rows, weights, pair, kept, rows, *rest))],
        "tail_back": [(tail.tail_back, (rows, rows, weights, pair, kept, rows, rows, rows, sums, *rest))],
        "head_back": [(head.head_back, (rows, rows, rows, rows, rows, parts, doubles, *rest))],
        "normalise_back": [(head.normalise_back, (rows, rows, rows, row, row, row, *rest))],
        "later": [],
    }[name]


@cache
def handler(name: str, dtype: str) -> Any:
    """Return a handler as ``kernels.cpu.frame.capsule`` does; its products run in SciPy's BLAS, from now on on one thread each.

    Args:
        name: of a handler in this file's docstring.
        dtype: ``"float32"`` or ``"float64"``, of every buffer but bits and keys.
    """
    bind(None)
    for kernel, arguments in _kernels(name, getattr(types, dtype)):
        offer(kernel, arguments)
    return capsule(_HANDLERS[name], dtype)
