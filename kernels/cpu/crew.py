"""A handler's work on all threads of XLA's own pool, which runs its other operations too; compiled code, no Python and no lock.

The thread that XLA calls takes pieces of the work like the others, so that it comes to its end even where every thread of the
pool is busy. What a thread finds when it comes late, nothing left, it finds in memory of its own, freed by whoever leaves last.
"""

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import register_jitable

from kernels.cpu.frame import API, CONTEXT, address_of, intrinsic, like, place, store, word
from kernels.cpu.launch import start

# XLA_FFI_Api
_DESTROY, _SCHEDULE, _THREADS = 8, 17, 18
# The job, in words: what the threads share, the kernel's own arrays, and room for the arguments of XLA's functions.
_FRAME, _COUNT, _BLOCK, _NEXT, _DONE, _HOLDERS, _OWN, _CALL, _CREW, _SIZE = 0, 1, 2, 3, 4, 5, 6, 10, 15, 16
_BYTES = 8


def _extern(builder: Any, name: str, returns: Any, *arguments: Any) -> Any:
    """Call a function of the C library, while code is generated."""
    kind = ir.FunctionType(returns, [argument.type for argument in arguments])
    return builder.call(cgutils.get_or_insert_function(builder.module, kind, name), arguments)


@intrinsic
def _allocate(typingctx: Any, size: Any) -> Any:
    """Return the address of so many bytes."""
    del typingctx
    return types.intp(types.intp), lambda context, builder, _, args: _extern(builder, "malloc", args[0].type, args[0])


@intrinsic
def _free(typingctx: Any, address: Any) -> Any:
    del typingctx

    def codegen(context, builder, signature, args):
        del signature
        _extern(builder, "free", ir.VoidType(), args[0])
        return context.get_dummy_value()

    return types.void(types.intp), codegen


@intrinsic
def _yield(typingctx: Any) -> Any:
    """Let another thread have the core."""
    del typingctx
    return types.int32(), lambda context, builder, _, args: _extern(builder, "sched_yield", ir.IntType(32), *args)


@intrinsic
def _add(typingctx: Any, address: Any, offset: Any, value: Any) -> Any:
    """Add to a word as one act among the threads; return what it was."""
    del typingctx
    return types.intp(types.intp, types.intp, types.intp), lambda context, builder, _, args: builder.atomic_rmw(
        "add", place(context, builder, *args[:2]), args[2], "seq_cst"
    )


@intrinsic
def _ask(typingctx: Any, function: Any, arguments: Any) -> Any:
    """Call a function by its address with the address of its arguments; return its answer, for XLA's an error or 0."""
    del typingctx

    def codegen(context, builder, signature, args):
        del context, signature
        kind = ir.PointerType(ir.FunctionType(args[1].type, [args[1].type]))
        return builder.call(builder.inttoptr(args[0], kind), [args[1]])

    return types.intp(types.intp, types.intp), codegen


@register_jitable
def _leave(job):
    if _add(job, _HOLDERS, -1) == 1:
        _free(job)


@register_jitable
def drain(frame, piece, kernel):
    """Do pieces of a job until none is left; ``frame`` points to the job here."""
    job = address_of(frame)
    real, count, block = like(frame, word(job, _FRAME)), word(job, _COUNT), word(job, _BLOCK)
    while True:
        lo = start(_add(job, _NEXT, 1), count, block, word(job, _CREW))
        if lo >= count:
            break
        hi = min(lo + block, count)
        piece(kernel, real, job + _OWN * _BYTES, lo, hi)
        _add(job, _DONE, hi - lo)
    _leave(job)


@intrinsic
def _task_of(typingctx: Any, piece: Any, kernel: Any, frame: Any) -> Any:
    """Return the address of a C function that drains the job to whose address it is called; it returns 0, which XLA ignores."""
    del typingctx

    def codegen(context, builder, signature, args):
        del args
        inner = context.compile_subroutine(builder, drain, types.void(frame, piece, kernel)).fndesc
        name = builder.module.get_unique_name(f"{inner.mangled_name}.task")
        integer = context.get_value_type(signature.return_type)
        outer = ir.Function(builder.module, ir.FunctionType(integer, [context.get_value_type(frame)]), name)
        outer.linkage = "internal"
        body = ir.IRBuilder(outer.append_basic_block())
        declared = context.declare_function(builder.module, inner)
        nothing = context.get_dummy_value()  # functions are known by their types
        context.call_conv.call_function(body, declared, types.void, (frame, piece, kernel), [*outer.args, nothing, nothing])
        body.ret(ir.Constant(integer, 0))
        return builder.ptrtoint(outer, integer)

    return types.intp(piece, kernel, frame), codegen


@register_jitable
def _call(frame, job, function, size):
    """Call one of XLA's functions with the arguments laid out from the job's word ``_CALL`` + 2 on."""
    api = word(address_of(frame), API)
    store(job, _CALL, size * _BYTES)
    store(job, _CALL + 1, 0)
    error = _ask(word(api, function), job + _CALL * _BYTES)
    if error != 0:
        store(job, _CALL, 3 * _BYTES)
        store(job, _CALL + 2, error)
        _ask(word(api, _DESTROY), job + _CALL * _BYTES)
    return error == 0


@register_jitable
def threads(frame):
    """Return the number of threads of XLA's pool; 1 without one."""
    job = _allocate(_SIZE * _BYTES)
    store(job, _CALL + 2, word(address_of(frame), CONTEXT))
    store(job, _CALL + 3, job)
    found = word(job, 0) if _call(frame, job, _THREADS, 4) else 1
    _free(job)
    return found


@register_jitable
def together(frame, piece, kernel, count, block, own):
    """Call ``piece(kernel, frame, own, lo, hi)`` on all threads of the pool until ``count`` is done, in any order.

    Args:
        frame: the handler's.
        piece: a ``register_jitable`` function; its ``own`` is the address of the words given here.
        kernel: what it calls.
        count: how many lanes, parts of rows, or whatever else is counted.
        block: how many to a piece.
        own: four numbers for the pieces, such as addresses of arrays that outlive this call.
    """
    job = _allocate(_SIZE * _BYTES)
    helpers = min(threads(frame), (count + block - 1) // block) - 1
    store(job, _FRAME, address_of(frame))
    store(job, _COUNT, count)
    store(job, _BLOCK, block)
    store(job, _NEXT, 0)
    store(job, _DONE, 0)
    store(job, _CREW, 1 + helpers)
    store(job, _HOLDERS, 2 + helpers)  # this thread twice: as one that takes pieces, and as the one that waits
    for i in range(4):
        store(job, _OWN + i, own[i])
    task = _task_of(piece, kernel, frame)
    for _ in range(helpers):
        store(job, _CALL + 2, word(address_of(frame), CONTEXT))
        store(job, _CALL + 3, task)
        store(job, _CALL + 4, job)
        if not _call(frame, job, _SCHEDULE, 5):
            _leave(job)
    _ask(task, job)
    while _add(job, _DONE, 0) < count:
        _yield()
    _leave(job)
