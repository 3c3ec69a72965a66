"""Kernels on all threads of an OpenMP library, such as the one on whose threads PyTorch's own operations run.

Compiled code: Python is asked once per kernel, and its lock holds no thread up.
"""

from typing import Any

import llvmlite.binding
import numba
from llvmlite import ir
from numba import types
from numba.core import cgutils

from kernels.cpu import head, linear, nonlinear, path, tail
from kernels.cpu.frame import intrinsic
from kernels.cpu.launch import jit, start
from kernels.cpu.offered import offer, symbol

#: OpenMP's entry ``void (body, data, threads, flags)``, which calls ``body(data)`` on every thread and waits for all.
_ENTRY = "kernels_region"
# The job, in words; behind them the kernel's arguments.
_NEXT, _COUNT, _BLOCK, _THREADS, _FAILED, _ARGUMENTS = 0, 1, 2, 3, 4, 5
_WORD, _BYTES = ir.IntType(64), ir.PointerType(ir.IntType(8))


def bind(address: int) -> None:
    """Let regions begin at an entry ``GOMP_parallel``.

    Args:
        address: where the function lies.
    """
    llvmlite.binding.add_symbol(_ENTRY, address)


def _unowned(context: Any, builder: Any, kind: Any, value: Any) -> Any:
    """Return an argument whose arrays belong to nobody: threads that count their users would wait for each other at each step."""
    if isinstance(kind, types.BaseTuple):
        values = enumerate(cgutils.unpack_tuple(builder, value))
        return context.make_tuple(builder, kind, [_unowned(context, builder, kind[i], each) for i, each in values])
    if not isinstance(kind, types.Array):
        return value
    array = context.make_array(kind)(context, builder, value)
    array.meminfo, array.parent = (cgutils.get_null_value(getattr(array, name).type) for name in ("meminfo", "parent"))
    return array._getvalue()


def _body(context: Any, module: Any, job: Any, kernel: Any, kinds: tuple[Any, ...]) -> Any:
    """Return a C function that calls the kernel for the job's next block until none is left."""
    outer = ir.Function(module, ir.FunctionType(ir.VoidType(), [_BYTES]), module.get_unique_name(f"{symbol(kernel, kinds)}.body"))
    outer.linkage = "internal"
    builder = ir.IRBuilder(outer.append_basic_block())
    place = builder.bitcast(outer.args[0], ir.PointerType(job))
    words = [cgutils.gep_inbounds(builder, place, 0, i) for i in range(_ARGUMENTS)]
    count, block, threads = (builder.load(words[i]) for i in (_COUNT, _BLOCK, _THREADS))
    one = ir.Constant(_WORD, 1)
    packed = cgutils.unpack_tuple(builder, builder.load(cgutils.gep_inbounds(builder, place, 0, _ARGUMENTS)))
    function = cgutils.get_or_insert_function(
        module, context.call_conv.get_function_type(types.none, kinds), symbol(kernel, kinds)
    )
    whole = types.intp(*(types.intp,) * 4)
    begin = context.compile_subroutine(builder, start, whole)
    again, take, done = (outer.append_basic_block() for _ in range(3))
    builder.branch(again)
    builder.position_at_end(again)
    turn = builder.atomic_rmw("add", words[_NEXT], one, "seq_cst")
    _, lo = context.call_internal_no_propagate(builder, begin.fndesc, whole, [turn, count, block, threads])
    builder.cbranch(builder.icmp_signed("<", lo, count), take, done)
    builder.position_at_end(take)
    end = builder.add(lo, block)
    hi = builder.select(builder.icmp_signed("<", end, count), end, count)
    status, _ = context.call_conv.call_function(builder, function, types.none, kinds, [*packed, lo, hi])
    with builder.if_then(status.is_error):
        builder.store(ir.Constant(_WORD, 1), words[_FAILED])
    builder.branch(again)
    builder.position_at_end(done)
    builder.ret_void()
    return outer


@intrinsic
def _region(typingctx: Any, kernel: Any, arguments: Any, count: Any, block: Any, threads: Any) -> Any:
    """Call an offered kernel for every block of ``range(count)`` on so many threads; return whether a call failed."""
    del typingctx
    kinds = (*(types.unliteral(kind) for kind in arguments.types), types.intp, types.intp)

    def codegen(context, builder, signature, args):
        packed = _unowned(context, builder, signature.args[1], args[1])
        job = ir.LiteralStructType([_WORD] * _ARGUMENTS + [packed.type])
        place = cgutils.alloca_once(builder, job)
        nothing = ir.Constant(_WORD, 0)
        for i, value in enumerate((nothing, *args[2:], nothing, packed)):
            builder.store(value, cgutils.gep_inbounds(builder, place, 0, i))
        body, number = _body(context, builder.module, job, kernel.dispatcher, kinds), ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [body.type, _BYTES, number, number])
        entry = cgutils.get_or_insert_function(builder.module, kind, _ENTRY)
        builder.call(entry, [body, builder.bitcast(place, _BYTES), builder.trunc(args[4], number), ir.Constant(number, 0)])
        return builder.load(cgutils.gep_inbounds(builder, place, 0, _FAILED))

    return types.intp(kernel, arguments, types.intp, types.intp, types.intp), codegen


# One function per kernel, by name: a closure over the kernel could not be cached on disk.
@jit
def _moments(arguments, count, block, threads):
    return _region(head.moments, arguments, count, block, threads)


@jit
def _drive(arguments, count, block, threads):
    return _region(head.drive, arguments, count, block, threads)


@jit
def _head(arguments, count, block, threads):
    return _region(head.head, arguments, count, block, threads)


@jit
def _head_back(arguments, count, block, threads):
    return _region(head.head_back, arguments, count, block, threads)


@jit
def _normalise_back(arguments, count, block, threads):
    return _region(head.normalise_back, arguments, count, block, threads)


@jit
def _tail(arguments, count, block, threads):
    return _region(tail.tail, arguments, count, block, threads)


@jit
def _tail_back(arguments, count, block, threads):
    return _region(tail.tail_back, arguments, count, block, threads)


@jit
def _squares(arguments, count, block, threads):
    return _region(path.squares, arguments, count, block, threads)


@jit
def _linear_forward(arguments, count, block, threads):
    return _region(linear.forward, arguments, count, block, threads)


@jit
def _linear_adjoint(arguments, count, block, threads):
    return _region(linear.adjoint, arguments, count, block, threads)


@jit
def _linear_pair_echo(arguments, count, block, threads):
    return _region(linear.pair_echo, arguments, count, block, threads)


@jit
def _linear_released_echo(arguments, count, block, threads):
    return _region(linear.released_echo, arguments, count, block, threads)


@jit
def _nonlinear_forward(arguments, count, block, threads):
    return _region(nonlinear.forward, arguments, count, block, threads)


@jit
def _nonlinear_adjoint(arguments, count, block, threads):
    return _region(nonlinear.adjoint, arguments, count, block, threads)


@jit
def _nonlinear_pair_echo(arguments, count, block, threads):
    return _region(nonlinear.pair_echo, arguments, count, block, threads)


@jit
def _nonlinear_released_echo(arguments, count, block, threads):
    return _region(nonlinear.released_echo, arguments, count, block, threads)


_LAUNCHERS: dict[Any, Any] = {
    **{getattr(head, name): globals()[f"_{name}"] for name in ("moments", "drive", "head", "head_back", "normalise_back")},
    **{tail.tail: _tail, tail.tail_back: _tail_back, path.squares: _squares},
    **{
        getattr(unit, name): globals()[f"_{unit.__name__.rpartition('.')[2]}_{name}"]
        for unit in (linear, nonlinear)
        for name in ("forward", "adjoint", "pair_echo", "released_echo")
    },
}


def _prepare(launcher: Any, kernel: Any, arguments: tuple[Any, ...]) -> None:
    """Compile a kernel for such arguments, or load it, and then its launcher, which asks for it by name."""
    offer(kernel, (*map(numba.typeof, arguments), types.intp, types.intp))
    launcher.disable_compile(False)
    launcher.compile((numba.typeof(arguments), types.intp, types.intp, types.intp))
    launcher.disable_compile()


def run(kernel: Any, arguments: tuple[Any, ...], count: int, block: int, threads: int) -> None:
    """Call ``kernel(*arguments, lo, hi)`` for every block of ``range(count)``, on so many threads.

    Args:
        kernel: one of this package's.
        arguments: arrays, numbers and flags, or tuples of such.
        count: how many lanes, or whatever else is counted.
        block: how many per call.
        threads: on how many.

    Raises:
        MemoryError: a kernel found no room for its own arrays.
    """
    launcher = _LAUNCHERS[kernel]
    if not launcher.overloads:
        _prepare(launcher, kernel, arguments)
    try:
        failed = launcher(arguments, count, block, threads)
    except TypeError:  # arguments of other kinds than before
        _prepare(launcher, kernel, arguments)
        failed = launcher(arguments, count, block, threads)
    if failed:
        raise MemoryError(f"{kernel.py_func.__module__}.{kernel.py_func.__name__}: no room for a kernel's own arrays")
