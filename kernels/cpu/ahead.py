"""Rows asked for before they are used: processors foresee a walk through memory forward, and hardly one backward."""

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, register_jitable

from kernels.cpu.launch import LINE

#: Rows per stretch. Going down through one, the rows of the one below are asked for going up, as processors foresee it.
_STRETCH = 32


@intrinsic
def _prefetch(typingctx: Any, row: Any, j: Any) -> Any:
    """Ask for the line of the cache in which entry j of a row lies."""
    del typingctx

    def codegen(context, builder, signature, args):
        place = builder.gep(context.make_array(signature.args[0])(context, builder, args[0]).data, [args[1]])
        number = ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [place.type, number, number, number])
        to_read, to_stay, data = (ir.Constant(number, value) for value in (0, 3, 1))
        prefetch = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
        builder.call(prefetch, [place, to_read, to_stay, data])
        return context.get_dummy_value()

    return types.none(row, types.intp), codegen


_ask: Any = _prefetch  # its stubs take it for what it looks like


@register_jitable
def ask(path, k, lo, hi):
    """Ask for a row of a path (K, N), lanes lo to hi, before a walk that goes backward in time and is at step k."""
    row = k // _STRETCH * _STRETCH - 1 - k % _STRETCH
    if row >= 0:
        at = path[row]
        for j in range(lo, hi, LINE // at.itemsize):
            _ask(at, j)
