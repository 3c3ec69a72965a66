"""Matrix products inside kernels: row-major arrays of one dtype, by the BLAS of a library that the process has loaded.

A kernel that uses them can be compiled or loaded once ``bind`` was called. Some BLAS give other last digits where an array does
not begin at a line of the cache: those of kernels come from ``room``.
"""

import ctypes
from functools import cache
from pathlib import Path
from typing import Any

import llvmlite.binding
import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import get_cython_function_address, intrinsic
from threadpoolctl import ThreadpoolController

from kernels.cpu.launch import LINE, jit

#: Fortran's names of the product, c = op(a) op(b) + β c, column-major, every argument by its address.
ROUTINES = {types.float32: "sgemm", types.float64: "dgemm"}
_AS_IT_IS, _TRANSPOSED = ord("N"), ord("T")


@cache
def _on_one_thread() -> None:
    """Let SciPy's BLAS run on the thread that calls it: kernels are called on all threads already."""
    for library in ThreadpoolController().lib_controllers:
        # Its wheels bring a library of their own, scipy.libs/… or scipy/.dylibs/…; one shared with NumPy is left as it is.
        if library.user_api == "blas" and any(folder.startswith("scipy") for folder in Path(library.filepath).parts[-3:-1]):
            library.set_num_threads(1)


def bind(library: ctypes.CDLL | None) -> bool:
    """Let products run in a library, or in SciPy's BLAS where it has none; holds for kernels compiled or loaded afterwards.

    Args:
        library: what may export ``sgemm_`` and ``dgemm_``, with integers of 32 bits as PyTorch's own calls of them have.

    Returns:
        Whether it exports both.
    """
    found = all(hasattr(library, f"{name}_") for name in ROUTINES.values())
    for name in ROUTINES.values():
        if found:
            address = ctypes.cast(getattr(library, f"{name}_"), ctypes.c_void_p).value
        else:
            address = get_cython_function_address("scipy.linalg.cython_blas", name)
        llvmlite.binding.add_symbol(f"kernels_{name}", address)
    if not found:
        _on_one_thread()
    return found


@intrinsic
def _routine(typingctx: Any, of_a: Any, of_b: Any, k: Any, a: Any, b: Any, beta: Any, c: Any) -> Any:
    """Call the routine for c's dtype; what is (n, m) in rows, as c, is (m, n) in columns."""
    real = c.dtype
    letter, integer, number = ir.IntType(8), ir.IntType(32), ir.DoubleType() if real == types.float64 else ir.FloatType()

    def codegen(context, builder, signature, args):
        def address(value, kind):
            place = cgutils.alloca_once(builder, kind)
            builder.store(value, place)
            return place

        arrays = [context.make_array(signature.args[i])(context, builder, args[i]) for i in (3, 4, 6)]
        (n, m), (_, lda), (_, ldb) = (cgutils.unpack_tuple(builder, arrays[i].shape, 2) for i in (2, 0, 1))
        m, n, k, lda, ldb = (address(builder.trunc(value, integer), integer) for value in (m, n, args[2], lda, ldb))
        letters = [address(builder.trunc(args[i], letter), letter) for i in (0, 1)]
        one, beta = address(ir.Constant(number, 1.0), number), address(args[5], number)
        a, b, c = (array.data for array in arrays)
        passed = [*letters, m, n, k, one, a, lda, b, ldb, beta, c, m]
        kind = ir.FunctionType(ir.VoidType(), [value.type for value in passed])
        builder.call(cgutils.get_or_insert_function(builder.module, kind, f"kernels_{ROUTINES[real]}"), passed)
        return context.get_dummy_value()

    return types.none(types.int64, types.int64, types.int64, a, b, real, c), codegen


_gemm: Any = _routine  # its stubs take it for what it looks like


@jit
def times(x, W, y):
    """Write y = x W."""
    _gemm(_AS_IT_IS, _AS_IT_IS, x.shape[1], W, x, y.dtype.type(0), y)


@jit
def times_transposed(x, W, y):
    """Write y = x Wᵀ."""
    _gemm(_TRANSPOSED, _AS_IT_IS, x.shape[1], W, x, y.dtype.type(0), y)


@jit
def add_times(x, W, y):
    """Add x W to y."""
    _gemm(_AS_IT_IS, _AS_IT_IS, x.shape[1], W, x, y.dtype.type(1), y)


@jit
def add_transposed_times(y, x, s):
    """Add yᵀ x to s."""
    _gemm(_AS_IT_IS, _TRANSPOSED, x.shape[0], x, y, s.dtype.type(1), s)


@jit
def room(rows, columns, like):
    """Return an array without content, of the dtype of another, that begins at a line of the cache."""
    raw = np.empty(rows * columns + LINE // like.itemsize, like.dtype)
    skip = (-raw.ctypes.data % LINE) // like.itemsize
    return raw[skip : skip + rows * columns].reshape(rows, columns)
