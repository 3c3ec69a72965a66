"""Handlers over parts of rows: each part has sums of its own, in arrays of the handler, added up in the end."""

import numba
import numpy as np
from numba.extending import register_jitable

from kernels.cpu.crew import threads, together
from kernels.cpu.frame import like, pointer, word
from kernels.cpu.launch import CALLS, jit, parts_of
from kernels.cpu.product import room


@register_jitable
def over_rows(frame, piece, kernel, rows, own):
    """Run a kernel over all parts of the rows."""
    count, _ = parts_of(rows)
    together(frame, piece, kernel, count, max(1, count // (CALLS * threads(frame))), own)


@register_jitable
def sums_like(like, count, rows, columns):
    """Return room for the sums of matrix products, one array per part, that begins at a line of the cache."""
    return room(count * rows, columns, like).reshape(count, rows, columns)


@register_jitable
def at(array):
    """Return an array's address, for a piece to find it by; the array has to be used after ``over_rows``, or it may be gone."""
    return np.int64(array.ctypes.data)


@register_jitable
def own_like(frame, own, i, shape):
    """Return one of the handler's own arrays, of the buffers' dtype."""
    return numba.carray(like(frame, word(own, i)), shape)


@register_jitable
def double(own, i, shape):
    """Return one of them in double."""
    return numba.carray(pointer(word(own, i)), shape, np.float64)


@jit
def total(parts, out):
    """Write the sum over all parts, in their order."""
    sums = parts[0].copy()
    for i in range(1, len(parts)):
        sums += parts[i]
    out[:] = sums
