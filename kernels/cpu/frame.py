"""What XLA hands to a compiled function: xla/ffi/api/c_api.h, whose structures consist of 64-bit words; constants count in those.

A handler is ``XLA_FFI_Error* (XLA_FFI_CallFrame*)``. Its numba type is ``intp (dtype*)``: the pointee is not what the frame
holds, it tells the dtype of the buffers; random bits, uint16, are asked for by ``bits``. Buffers come in the order of a call's
operands and results, attributes, all of 64 bits, in that of their names.
"""

import ctypes
from typing import Any

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic as _intrinsic
from numba.extending import register_jitable

#: Its own annotation promises a function of one argument.
intrinsic: Any = _intrinsic

# XLA_FFI_CallFrame
API, CONTEXT = 2, 3
_EXTENSION, _STAGE, ARGUMENTS, RESULTS, _ATTRIBUTES = 1, 4, 9, 14, 20
# XLA_FFI_Buffer, XLA_FFI_Scalar
_DATA, _DIMENSIONS, _VALUE = 3, 5, 1
# XLA_FFI_Metadata_Extension, XLA_FFI_Metadata
_KIND, _METADATA, _VERSION, _TRAITS, _STATE = 1, 3, 3, 4, 5
_EXECUTE, _IS_METADATA, _LOW = 3, 1, 0xFFFFFFFF
#: The interface written against: major 0 in the low half, minor 3 in the high one; XLA keeps old minors working.
_VERSION_3 = 3 << 32


@intrinsic
def address_of(typingctx: Any, pointer: Any) -> Any:
    """Return a pointer as a number."""
    del typingctx
    return types.intp(pointer), lambda context, builder, _, args: builder.ptrtoint(args[0], context.get_value_type(types.intp))


def place(context: Any, builder: Any, address: Any, offset: Any) -> Any:
    """Return a pointer to the word that lies ``offset`` words after ``address``, while code is generated."""
    integer = context.get_value_type(types.intp)
    return builder.gep(builder.inttoptr(address, ir.PointerType(integer)), [offset])


@intrinsic
def word(typingctx: Any, address: Any, offset: Any) -> Any:
    """Return the word that lies ``offset`` words after ``address``."""
    del typingctx
    return types.intp(types.intp, types.intp), lambda context, builder, _, args: builder.load(place(context, builder, *args))


@intrinsic
def store(typingctx: Any, address: Any, offset: Any, value: Any) -> Any:
    """Write a word."""
    del typingctx

    def codegen(context, builder, signature, args):
        del signature
        builder.store(args[2], place(context, builder, *args[:2]))
        return context.get_dummy_value()

    return types.void(types.intp, types.intp, types.intp), codegen


@intrinsic
def like(typingctx: Any, pointer: Any, address: Any) -> Any:
    """Return ``address`` as a pointer of another's type."""
    del typingctx
    return pointer(pointer, types.intp), lambda context, builder, _, args: builder.inttoptr(args[1], args[0].type)


@intrinsic
def pointer(typingctx: Any, address: Any) -> Any:
    """Return ``address`` as a pointer to anything."""
    del typingctx
    return types.voidptr(types.intp), lambda context, builder, _, args: builder.inttoptr(
        args[0], context.get_value_type(types.voidptr)
    )


@register_jitable
def runs(frame):
    """Return whether the handler is to run; answer a question for the interface's version."""
    address = address_of(frame)
    extension = word(address, _EXTENSION)
    if extension != 0 and word(extension, _KIND) & _LOW == _IS_METADATA:
        metadata = word(extension, _METADATA)
        store(metadata, _VERSION, _VERSION_3)
        store(metadata, _TRAITS, 0)
        store(metadata, _STATE, 0)
        return False
    return word(address, _STAGE) & _LOW == _EXECUTE


@register_jitable
def _entry(frame, table, i):
    return word(word(address_of(frame), table), i)


@register_jitable
def vector(frame, table, i):
    """Return buffer i of ``ARGUMENTS`` or ``RESULTS`` as (N,)."""
    buffer = _entry(frame, table, i)
    return numba.carray(like(frame, word(buffer, _DATA)), (word(word(buffer, _DIMENSIONS), 0),))


@register_jitable
def matrix(frame, table, i):
    """Return a buffer as (M, N)."""
    buffer = _entry(frame, table, i)
    sizes = word(buffer, _DIMENSIONS)
    return numba.carray(like(frame, word(buffer, _DATA)), (word(sizes, 0), word(sizes, 1)))


@register_jitable
def bits(frame, i):
    """Return an argument as (M, N) of uint16."""
    buffer = _entry(frame, ARGUMENTS, i)
    sizes = word(buffer, _DIMENSIONS)
    return numba.carray(pointer(word(buffer, _DATA)), (word(sizes, 0), word(sizes, 1)), np.uint16)


@register_jitable
def words(frame, table, i):
    """Return a key's buffer, (2,) of uint32, as (1,) of a word."""
    return numba.carray(pointer(word(_entry(frame, table, i), _DATA)), (1,), np.int64)


@register_jitable
def attribute(frame, i):
    """Return an attribute, an integer."""
    return word(word(_entry(frame, _ATTRIBUTES, i), _VALUE), 0)


def capsule(function: Any, dtype: str) -> Any:
    """Compile a handler, or load it from the cache, and return it as the PyCapsule that ``jax.ffi.register_ffi_target`` takes.

    Args:
        function: of ``kernels.cpu.launch.jit``, ``intp (dtype*)``.
        dtype: ``"float32"`` or ``"float64"``.
    """
    frame = types.CPointer(getattr(types, dtype))
    function.compile((frame,))
    compiled = function.overloads[(frame,)]
    address = compiled.library.get_pointer_to_function(compiled.fndesc.llvm_cfunc_wrapper_name)
    new = ctypes.pythonapi.PyCapsule_New
    new.restype, new.argtypes = ctypes.py_object, [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
    return new(address, None, None)
