"""Kernels that compiled code calls by name, the same ones that Python calls.

Called directly, a kernel would become part of its caller and be optimised once more, to other last digits; and which of the
copies in a process ran, would depend on what was compiled there and what came from the cache.
"""

from typing import Any

import llvmlite.binding
from numba import types
from numba.core import cgutils

from kernels.cpu.frame import intrinsic


def symbol(kernel: Any, arguments: tuple[Any, ...]) -> str:
    """Return the name by which compiled code knows a kernel for arguments of numba's types."""
    return f"{kernel.py_func.__module__}.{kernel.py_func.__name__}({', '.join(map(str, arguments))})"


def offer(kernel: Any, arguments: tuple[Any, ...]) -> None:
    """Compile a kernel, or load it from the cache, so that handlers loaded afterwards find it.

    Args:
        kernel: of ``kernels.cpu.launch.jit``, without a result.
        arguments: their types.
    """
    kernel.compile(arguments)
    compiled = kernel.overloads[arguments]
    address = compiled.library.get_pointer_to_function(compiled.fndesc.llvm_func_name)
    llvmlite.binding.add_symbol(symbol(kernel, arguments), address)


@intrinsic
def call(typingctx: Any, kernel: Any, arguments: Any) -> Any:
    """Call a kernel that was offered."""
    del typingctx
    kinds = tuple(types.unliteral(kind) for kind in arguments.types)

    def codegen(context, builder, signature, args):
        del signature
        kind = context.call_conv.get_function_type(types.none, kinds)
        function = cgutils.get_or_insert_function(builder.module, kind, symbol(kernel.dispatcher, kinds))
        values = cgutils.unpack_tuple(builder, args[1], len(kinds))
        context.call_conv.call_function(builder, function, types.none, kinds, values)
        return context.get_dummy_value()

    return types.none(kernel, types.Tuple(kinds)), codegen
