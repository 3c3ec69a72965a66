"""The kernels as XLA calls them: compiled code that reads the call's frame itself, so that no Python runs and no lock is taken.

A handler is ``XLA_FFI_Error* (XLA_FFI_CallFrame*)`` of xla/ffi/api/c_api.h, whose structures consist of 64-bit words; the
constants below count in those. Its numba type is ``intp (dtype*)``: the pointee is not what the frame holds, it tells the dtype
of all buffers. They come in the order of the kernel's arguments, outputs last; the attribute is ``at_third``.
"""

import ctypes
from functools import cache
from typing import Any

import numba
from llvmlite import ir
from numba import types
from numba.extending import intrinsic as _intrinsic
from numba.extending import register_jitable

from kernels.cpu import linear, nonlinear
from kernels.cpu.launch import BLOCK, jit

#: Its own annotation promises a function of one argument.
intrinsic: Any = _intrinsic

# XLA_FFI_CallFrame
_EXTENSION, _STAGE, _ARGUMENTS, _RESULTS, _ATTRIBUTES = 1, 4, 9, 14, 20
# XLA_FFI_Buffer, XLA_FFI_Scalar
_DATA, _DIMENSIONS, _VALUE = 3, 5, 1
# XLA_FFI_Metadata_Extension, XLA_FFI_Metadata
_KIND, _METADATA, _VERSION, _TRAITS, _STATE = 1, 3, 3, 4, 5
_EXECUTE, _IS_METADATA, _LOW = 3, 1, 0xFFFFFFFF
#: The interface written against: major 0 in the low half, minor 3 in the high one; XLA keeps old minors working.
_API = 3 << 32

#: Lanes per call. With 16,384 lanes to a step, a longer stretch of memory at a time takes half to three quarters of the time, on
#: one thread. The pair keeps to ``BLOCK``: the nonlinear one chooses between its series and full formulas for a block as a whole.
_ROW = 1024


@intrinsic
def _address(typingctx: Any, frame: Any) -> Any:
    """Return a pointer as a number."""
    del typingctx
    return types.intp(frame), lambda context, builder, _, args: builder.ptrtoint(args[0], context.get_value_type(types.intp))


@intrinsic
def _word(typingctx: Any, address: Any, offset: Any) -> Any:
    """Return the word that lies ``offset`` words after ``address``."""
    del typingctx

    def codegen(context, builder, signature, args):
        del signature
        integer = context.get_value_type(types.intp)
        return builder.load(builder.gep(builder.inttoptr(args[0], ir.PointerType(integer)), [args[1]]))

    return types.intp(types.intp, types.intp), codegen


@intrinsic
def _store(typingctx: Any, address: Any, offset: Any, value: Any) -> Any:
    """Write a word."""
    del typingctx

    def codegen(context, builder, signature, args):
        del signature
        integer = context.get_value_type(types.intp)
        builder.store(args[2], builder.gep(builder.inttoptr(args[0], ir.PointerType(integer)), [args[1]]))
        return context.get_dummy_value()

    return types.void(types.intp, types.intp, types.intp), codegen


@intrinsic
def _as(typingctx: Any, frame: Any, address: Any) -> Any:
    """Return ``address`` as a pointer of the frame's type."""
    del typingctx
    return frame(frame, types.intp), lambda context, builder, _, args: builder.inttoptr(args[1], args[0].type)


@register_jitable
def _runs(frame):
    """Return whether the kernel is to run; answer a question for the interface's version."""
    address = _address(frame)
    extension = _word(address, _EXTENSION)
    if extension != 0 and _word(extension, _KIND) & _LOW == _IS_METADATA:
        metadata = _word(extension, _METADATA)
        _store(metadata, _VERSION, _API)
        _store(metadata, _TRAITS, 0)
        _store(metadata, _STATE, 0)
        return False
    return _word(address, _STAGE) & _LOW == _EXECUTE


@register_jitable
def _buffer(frame, table, i):
    return _word(_word(_address(frame), table), i)


@register_jitable
def _vector(frame, table, i):
    buffer = _buffer(frame, table, i)
    return numba.carray(_as(frame, _word(buffer, _DATA)), (_word(_word(buffer, _DIMENSIONS), 0),))


@register_jitable
def _matrix(frame, table, i):
    buffer = _buffer(frame, table, i)
    sizes = _word(buffer, _DIMENSIONS)
    return numba.carray(_as(frame, _word(buffer, _DATA)), (_word(sizes, 0), _word(sizes, 1)))


@register_jitable
def _at_third(frame):
    return _word(_word(_buffer(frame, _ATTRIBUTES, 0), _VALUE), 0) != 0


@register_jitable
def _shared(frame):
    """Return θ, δ, f and the number of lanes."""
    delta = _vector(frame, _ARGUMENTS, 1)
    return _matrix(frame, _ARGUMENTS, 0), delta, _matrix(frame, _ARGUMENTS, 2), delta.size


@register_jitable
def _forward(kernel, frame):
    if _runs(frame):
        theta, delta, f, lanes = _shared(frame)
        phi, pi, at_third = _matrix(frame, _RESULTS, 0), _matrix(frame, _RESULTS, 1), _at_third(frame)
        for lo in range(0, lanes, _ROW):
            kernel(theta, delta, f, at_third, phi, pi, lo, min(lo + _ROW, lanes))
    return 0


@register_jitable
def _adjoint(kernel, frame):
    if _runs(frame):
        theta, delta, f, lanes = _shared(frame)
        phi, pi, g = _matrix(frame, _ARGUMENTS, 3), _matrix(frame, _ARGUMENTS, 4), _matrix(frame, _ARGUMENTS, 5)
        grad_f, sums, at_third = _matrix(frame, _RESULTS, 0), _matrix(frame, _RESULTS, 1), _at_third(frame)
        for lo in range(0, lanes, _ROW):
            kernel(theta, delta, f, phi, pi, g, at_third, grad_f, sums, lo, min(lo + _ROW, lanes))
    return 0


@register_jitable
def _kept(frame):
    """Return g, ε and the final state."""
    g, epsilon = _matrix(frame, _ARGUMENTS, 3), _vector(frame, _ARGUMENTS, 4)
    return g, epsilon, _vector(frame, _ARGUMENTS, 5), _vector(frame, _ARGUMENTS, 6)


@register_jitable
def _pair_echo(kernel, frame):
    if _runs(frame):
        theta, delta, f, lanes = _shared(frame)
        g, epsilon, phi, pi = _kept(frame)
        grad_f, sums, at_third = _matrix(frame, _RESULTS, 0), _matrix(frame, _RESULTS, 1), _at_third(frame)
        for lo in range(0, lanes, BLOCK):
            kernel(theta, delta, f, g, epsilon, phi, pi, at_third, grad_f, sums, lo, min(lo + BLOCK, lanes))
    return 0


@register_jitable
def _released_echo(kernel, frame):
    if _runs(frame):
        theta, delta, f, lanes = _shared(frame)
        g, epsilon, phi, pi = _kept(frame)
        grad_u, grad_B, sums = _matrix(frame, _RESULTS, 0), _matrix(frame, _RESULTS, 1), _matrix(frame, _RESULTS, 2)
        at_third = _at_third(frame)
        for lo in range(0, lanes, _ROW):
            kernel(theta, delta, f, g, epsilon, phi, pi, at_third, grad_u, grad_B, sums, lo, min(lo + _ROW, lanes))
    return 0


# One function per kernel, by name: a closure over the kernel could not be cached on disk.
@jit
def _linear_forward(frame):
    return _forward(linear.forward, frame)


@jit
def _linear_adjoint(frame):
    return _adjoint(linear.adjoint, frame)


@jit
def _linear_pair_echo(frame):
    return _pair_echo(linear.pair_echo, frame)


@jit
def _linear_released_echo(frame):
    return _released_echo(linear.released_echo, frame)


@jit
def _nonlinear_forward(frame):
    return _forward(nonlinear.forward, frame)


@jit
def _nonlinear_adjoint(frame):
    return _adjoint(nonlinear.adjoint, frame)


@jit
def _nonlinear_pair_echo(frame):
    return _pair_echo(nonlinear.pair_echo, frame)


@jit
def _nonlinear_released_echo(frame):
    return _released_echo(nonlinear.released_echo, frame)


_HANDLERS: dict[tuple[str, str], Any] = {
    (unit, kernel): globals()[f"_{unit}_{kernel}"]
    for unit in ("linear", "nonlinear")
    for kernel in ("forward", "adjoint", "pair_echo", "released_echo")
}


@cache
def handler(hamiltonian: str, kernel: str, dtype: str) -> Any:
    """Compile a handler, or load it from the cache, and return it as the PyCapsule that ``jax.ffi.register_ffi_target`` takes.

    Args:
        hamiltonian: ``"linear"`` or ``"nonlinear"``.
        kernel: ``"forward"``, ``"adjoint"``, ``"pair_echo"`` or ``"released_echo"``.
        dtype: ``"float32"`` or ``"float64"``, of every buffer.
    """
    function, frame = _HANDLERS[hamiltonian, kernel], types.CPointer(getattr(types, dtype))
    function.compile((frame,))
    compiled = function.overloads[(frame,)]
    address = compiled.library.get_pointer_to_function(compiled.fndesc.llvm_cfunc_wrapper_name)
    new = ctypes.pythonapi.PyCapsule_New
    new.restype, new.argtypes = ctypes.py_object, [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
    return new(address, None, None)
