"""A block of compiled CPU kernels (``kernels.cpu.head``, ``tail`` and the trajectory's), with one state."""

import time
from contextlib import nullcontext
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from impl_torch.allocator import empty
from impl_torch.dropout import Bits, no_bits
from impl_torch.hamiltonians import HAMILTONIANS
from impl_torch.hru import lanes
from impl_torch.integrators import INTEGRATORS
from impl_torch.interface import Values
from impl_torch.norm import OFFSET, Statistics, mix_statistics
from impl_torch.once_differentiable import once_differentiable
from impl_torch.rows import moments, repeating, rows_of, run, sums_of, weight_of
from impl_torch.stack import Call, Stack, select
from kernels.cpu import head, tail


def _drive(u: Float[Tensor, "R H"], B: Float[Tensor, "P H"], samples: int) -> Float[Tensor, "K n P"]:
    f = empty(u.dtype, len(u), len(B))
    run(head.drive, u, weight_of(B), f)
    return f.view(-1, samples, len(B))


def _kept(again: bool, u: Float[Tensor, "K n H"], B: Float[Tensor, "P H"], f: Float[Tensor, "K n P"]) -> Any:
    """Return a context for autograd's saved tensors; with ``again``, f is not saved but recomputed as B u."""
    if not again:
        return nullcontext()
    place, size, flat, B = f.data_ptr(), f.shape, rows_of(u), B.detach()

    def pack(value: Tensor) -> Tensor | None:
        return None if value.data_ptr() == place and value.shape == size else value

    def unpack(value: Tensor | None) -> Tensor:
        return _drive(flat, B, size[1]) if value is None else value

    return torch.autograd.graph.saved_tensors_hooks(pack, unpack)


class _Head(torch.autograd.Function):
    """Norm and input projection: x, u = norm(x), the input drive f = B u twice (see ``hru``), and statistics."""

    @staticmethod
    def forward(ctx: Any, call: Call, x: Tensor, B: Tensor) -> tuple[Tensor, ...]:
        flat, B = rows_of(x), weight_of(B)
        (mean, var), batch, after, ctx.share = call.statistics, call.statistics, call.statistics, 0.0
        if call.training:
            batch = moments(flat)
            (mean, var), after, ctx.share = mix_statistics(batch, call.statistics, call.count, call.stack.norm)
        running = after[0].clone(), after[1].clone()
        rate, u, f = torch.rsqrt(var + OFFSET), empty(flat.dtype, *flat.shape), empty(flat.dtype, len(flat), len(B))
        run(head.head, flat, mean, rate, B, u, f)
        f = f.view(*x.shape[:2], len(B))
        ctx.save_for_backward(u, B, rate, mean - batch[0])
        ctx.mark_non_differentiable(*running)
        return x.detach(), u.view(x.shape), f, f.detach(), *running

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        u, B, rate, off = ctx.saved_tensors
        past, (of_u, of_f, of_B) = repeating(grads[0]), (rows_of(grad) for grad in grads[1:4])
        g = empty(u.dtype, *u.shape).copy_(of_u)  # a copy: the kernels write in place, and autograd's gradient may be shared
        sums, to_B = sums_of(len(u), torch.float64, 2, u.shape[1]), sums_of(len(u), u.dtype, *B.shape)
        run(head.head_back, u, B, of_f, of_B, g, to_B, sums)
        of_g, of_gu = sums.sum(0).to(g.dtype)
        # Through the mean −rate Σg, through the variance −rate² Σ(g u)/2 times 2 (x − batch mean), (x − mean) = u / rate.
        slope = -ctx.share * rate * of_gu / len(g)
        shift = -ctx.share * rate * (of_g + rate * of_gu * off) / len(g)
        run(head.normalise_back, g, u, past, rate, slope, shift)
        return None, g.view(grads[0].shape), to_B.sum(0)


class _Tail(torch.autograd.Function):
    """Read-out: x + dropout(GLU(dropout(GELU(C φ + D u)))); ``again`` rematerialises intermediate values."""

    @staticmethod
    def forward(
        ctx: Any, masks: tuple[Bits, Bits], again: bool, x: Tensor, u: Tensor, phi: Tensor, C: Tensor, D: Tensor, W1: Tensor,
        b1: Tensor, W2: Tensor, b2: Tensor,
    ) -> Tensor:  # fmt: skip
        weights = tuple(weight_of(value) for value in (C, D, torch.cat([W1, W2]), b1, b2))
        H, rows, out = x.shape[2], x.shape[0] * x.shape[1], empty(x.dtype, *x.shape)
        kept = tuple(x.new_empty(0, columns) if again else empty(x.dtype, rows, columns) for columns in (H, H, 2 * H))
        run(tail.tail, rows_of(x), rows_of(u), rows_of(phi), weights, masks, kept, out.flatten(0, 1))
        ctx.save_for_backward(u, phi, *weights, *kept)
        ctx.masks = masks
        return out

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        u, phi, *rest = ctx.saved_tensors
        weights, kept = tuple(rest[:5]), tuple(rest[5:])
        C, D, W, *_ = weights
        flat_u, flat_phi, H = rows_of(u), rows_of(phi), len(D)
        of_u, of_phi = (empty(flat.dtype, *flat.shape) for flat in (flat_u, flat_phi))
        sizes = [(C.dtype, C.shape), (torch.float64, D.shape), (W.dtype, W.shape), (torch.float64, (2 * H,))]
        sums = tuple(sums_of(len(flat_u), dtype, *shape) for dtype, shape in sizes)
        run(tail.tail_back, flat_u, flat_phi, weights, ctx.masks, kept, repeating(grads[0]), of_u, of_phi, sums)
        to_C, to_D, to_W, to_b = (part.sum(0).to(u.dtype) for part in sums)
        of_glu = to_W[:H], to_b[:H], to_W[H:], to_b[H:]
        return None, None, grads[0], of_u.view(u.shape), of_phi.view(phi.shape), to_C, to_D, *of_glu


def warm_up(hidden: int, dtype: torch.dtype) -> float:
    """Compile the kernels, or load them from the cache; return the seconds.

    Args:
        hidden: H.
        dtype: of all arrays.
    """
    start = time.perf_counter()
    x, W, b = torch.ones(1, 1, hidden, dtype=dtype), torch.ones(hidden, hidden, dtype=dtype), torch.ones(hidden, dtype=dtype)
    leaf = x.clone().requires_grad_()
    call = Call(Stack(1, None, "batch", "classification", 1, True, False), (b, b), 1, True, None, 0)
    past, u, f, *_ = _Head.apply(call, leaf, W)
    _Tail.apply((no_bits(x), no_bits(x)), False, past, u, f, W, b, W, b, W, b).sum().backward()
    return time.perf_counter() - start


def compilations() -> int:
    """Return how many kernels were compiled or loaded in this process, one per dtype."""
    return sum(len(kernel.signatures) for kernel in (*head.KERNELS, *tail.KERNELS))


def block(call: Call, own: Values, x: Float[Tensor, "K n H"]) -> tuple[Float[Tensor, "K n H"], Statistics]:
    """Return a block's output and its norm statistics, equal to the portable block's to rounding.

    Args:
        call: the stack, which has a unit, and the state of the call.
        own: trainable values of the block.
        x: input (K, n, H).
    """
    unit, dropout, raw, glu = call.stack.unit, call.dropout, select(own, "hru."), select(own, "glu.")
    assert unit is not None
    theta, delta, B, C = lanes(unit, raw)
    past, u, f, f_B, *running = _Head.apply(call, x, B)
    hamiltonian, integrator = HAMILTONIANS[unit.hamiltonian], INTEGRATORS[unit.integrator]
    with _kept(call.stack.rematerialise, u, B, f):
        phi = unit.trajectory(hamiltonian, integrator, unit.nudge, theta, delta, f, f_B)
    masks = tuple(no_bits(x) if dropout is None else dropout.bits(x, call.i, place) for place in (0, 1))
    mixing = (C, raw["D"], *(glu[name] for name in ("W1", "b1", "W2", "b2")))
    return _Tail.apply(masks, call.stack.rematerialise, past, u, phi, *mixing), (running[0], running[1])
