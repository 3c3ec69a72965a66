"""A block whose passes beside its matrix products are compiled kernels (``kernels.cpu.block``); on a CPU, with one state."""

import time
from contextlib import nullcontext
from typing import Any, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from impl_torch.allocator import empty
from impl_torch.dropout import Bits, no_bits
from impl_torch.hamiltonians import HAMILTONIANS
from impl_torch.hru import lanes
from impl_torch.integrators import INTEGRATORS
from impl_torch.interface import Values
from impl_torch.norm import OFFSET, Statistics, weighed
from impl_torch.rows import here, mask_of, moments, one_per_thread, over, repeating, rows_of, run, spans_of, sums_of, total
from impl_torch.stack import Call, Stack, part
from kernels.cpu import block as kernels


def _drive(u: Float[Tensor, "R H"], B: Float[Tensor, "P H"], samples: int) -> Float[Tensor, "K n P"]:
    f = empty(u.dtype, len(u), len(B)).view(-1, samples, len(B))
    flat = f.flatten(0, 1)
    over(spans_of(f), lambda _, span: torch.mm(u[span], B.T, out=flat[span]))
    return f


def _kept(again: bool, u: Float[Tensor, "K n H"], B: Float[Tensor, "P H"], f: Float[Tensor, "K n P"]) -> Any:
    """Return a context in which autograd keeps what it is given; ``again``: but for f, which is B u once more when asked for."""
    if not again:
        return nullcontext()
    place, size, flat, B = f.data_ptr(), f.shape, rows_of(u), B.detach()

    def pack(value: Tensor) -> Tensor | None:
        return None if value.data_ptr() == place and value.shape == size else value

    def unpack(value: Tensor | None) -> Tensor:
        return _drive(flat, B, size[1]) if value is None else value

    return torch.autograd.graph.saved_tensors_hooks(pack, unpack)


class _Head(torch.autograd.Function):
    """x to itself, to u = norm(x), to the drive f = B u twice (see ``hru``), and to the running statistics."""

    @staticmethod
    def forward(ctx: Any, call: Call, x: Tensor, B: Tensor) -> tuple[Tensor, ...]:
        flat = rows_of(x)
        (mean, var), batch, after, ctx.share = call.statistics, call.statistics, call.statistics, 0.0
        if call.training:
            batch = moments(flat)
            (mean, var), after, ctx.share = weighed(batch, call.statistics, call.count, call.stack.norm)
        running = after[0].clone(), after[1].clone()
        rate, u, f = torch.rsqrt(var + OFFSET), empty(flat.dtype, *flat.shape), empty(flat.dtype, len(flat), len(B))
        to_f = B.detach().T

        def work(_: int, span: slice) -> None:
            here(kernels.normalise, flat[span], mean, rate, u[span])
            torch.mm(u[span], to_f, out=f[span])

        over(spans_of(x), work)
        f = f.view(*x.shape[:2], len(B))
        ctx.save_for_backward(u, B, rate, mean - batch[0])
        ctx.mark_non_differentiable(*running)
        return x.detach(), u.view(x.shape), f, f.detach(), *running

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        u, B, rate, off = (value.detach() for value in ctx.saved_tensors)
        parts, past, (g, of_f, of_B) = spans_of(grads[0]), repeating(grads[0]), (rows_of(grad) for grad in grads[1:4])
        sums, to_B = g.new_zeros(len(parts), 2, g.shape[1], dtype=torch.float64), g.new_zeros(len(parts), *B.shape)

        def work(i: int, span: slice) -> None:
            g[span].addmm_(of_f[span], B)  # in its place: nobody else has what ``_Tail`` made for u
            to_B[i].addmm_(of_B[span].T, u[span])
            own = sums_of(u[span], 2, g.shape[1])
            here(kernels.normalise_sums, g[span], u[span], own)
            sums[i] += total(own)

        over(parts, work)
        of_g, of_gu = total(sums).to(g.dtype)
        # Through the mean −rate Σg, through the variance −rate² Σ(g u)/2 times 2 (x − batch mean), (x − mean) = u / rate.
        slope = -ctx.share * rate * of_gu / len(g)
        shift = -ctx.share * rate * (of_g + rate * of_gu * off) / len(g)
        run(kernels.normalise_back, g, u, past, rate, slope, shift)
        return None, g.view(grads[0].shape), total(to_B).to(g.dtype)


class _Inside(NamedTuple):
    """What lies between φ and the output, for all rows or a span of them: the slope of y, y, and the open gate's two halves."""

    slope: Float[Tensor, "R H"]
    y: Float[Tensor, "R H"]
    ab: Float[Tensor, "R two_H"]

    @classmethod
    def empty(cls, rows: int, like: Float[Tensor, "K n H"]) -> "_Inside":
        H = like.shape[2]
        return cls(*(empty(like.dtype, rows, columns) for columns in (H, H, 2 * H)))

    def part(self, span: slice) -> "_Inside":
        return _Inside(self.slope[span], self.y[span], self.ab[span])

    def make(self, mask: Bits, u: Tensor, phi: Tensor, C: Tensor, D: Tensor, W: Tensor, b1: Tensor, b2: Tensor) -> None:
        """Set y = dropout(GELU(C φ + D u)), its slope, and ab = (a, σ(b)) of W y + (b1, b2) = (a, b)."""
        torch.mm(phi, C.T, out=self.slope)
        here(kernels.activate, self.slope, u, D, *mask, self.y)
        torch.mm(self.y, W.T, out=self.ab)
        here(kernels.open_gate, self.ab, b1, b2)


class _Back(NamedTuple):
    """What a thread needs for a span of the way back."""

    ab: Float[Tensor, "R two_H"]
    z: Float[Tensor, "R H"]
    inside: _Inside | None

    @classmethod
    def empty(cls, rows: int, like: Float[Tensor, "K n H"], again: bool) -> "_Back":
        H = like.shape[2]
        ab, z = (empty(like.dtype, rows, columns) for columns in (2 * H, H))
        return cls(ab, z, _Inside.empty(rows, like) if again else None)


class _Tail(torch.autograd.Function):
    """x + dropout(GLU(dropout(GELU(C φ + D u)))); ``again``: what lies in between is not kept, but made again."""

    @staticmethod
    def forward(
        ctx: Any, masks: tuple[Bits, Bits], again: bool, x: Tensor, u: Tensor, phi: Tensor, C: Tensor, D: Tensor, W1: Tensor,
        b1: Tensor, W2: Tensor, b2: Tensor,
    ) -> Tensor:  # fmt: skip
        C, D, W, b1, b2 = (value.detach() for value in (C, D, torch.cat([W1, W2]), b1, b2))
        out, parts = empty(x.dtype, *x.shape), spans_of(x)
        flat_x, flat_u, flat_phi, flat_out = rows_of(x), rows_of(u), rows_of(phi), out.flatten(0, 1)
        kept = None if again else _Inside.empty(len(flat_x), x)
        spare = one_per_thread(parts, lambda rows: _Inside.empty(rows, x)) if kept is None else []

        def work(_: int, span: slice) -> None:
            room = spare.pop() if kept is None else kept
            inside = room.part(slice(span.stop - span.start) if kept is None else span)
            inside.make(mask_of(masks[0], span), flat_u[span], flat_phi[span], C, D, W, b1, b2)
            here(kernels.gate, inside.ab, flat_x[span], *mask_of(masks[1], span), flat_out[span])
            spare.append(room)

        over(parts, work)
        ctx.save_for_backward(u, phi, C, D, W, b1, b2, *(kept or ()))
        ctx.masks = masks
        return out

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        u, phi, C, D, W, b1, b2, *kept = (value.detach() for value in ctx.saved_tensors)
        parts, g, H = spans_of(u), repeating(grads[0]), len(D)
        flat_u, flat_phi = rows_of(u), rows_of(phi)
        of_u, of_phi = (empty(flat.dtype, *flat.shape) for flat in (flat_u, flat_phi))
        of_W, of_C = W.new_zeros(len(parts), *W.shape), C.new_zeros(len(parts), *C.shape)
        of_b, of_D = (W.new_zeros(len(parts), columns, dtype=torch.float64) for columns in (2 * H, H))
        spare = one_per_thread(parts, lambda rows: _Back.empty(rows, u, not kept))

        def work(i: int, span: slice) -> None:
            room = spare.pop()
            rows = slice(span.stop - span.start)
            inside = _Inside(*kept).part(span) if room.inside is None else room.inside.part(rows)
            if room.inside is not None:
                inside.make(mask_of(ctx.masks[0], span), flat_u[span], flat_phi[span], C, D, W, b1, b2)
            slope, y, ab = inside
            of_ab, of_z = room.ab[rows], room.z[rows]
            sums = sums_of(ab, 2 * H)
            g_span = g if len(g) < len(flat_u) else g[span]
            here(kernels.gate_back, ab, *mask_of(ctx.masks[1], span), g_span, of_ab, sums)
            of_b[i] += total(sums)
            of_W[i].addmm_(of_ab.T, y)
            torch.mm(of_ab, W, out=of_z)
            sums = sums_of(y, H)
            here(kernels.activate_back, slope, flat_u[span], D, of_z, of_u[span], sums)
            of_D[i] += total(sums)
            torch.mm(of_z, C, out=of_phi[span])
            of_C[i].addmm_(of_z.T, flat_phi[span])
            spare.append(room)

        over(parts, work)
        to_W, to_C, to_b, to_D = (total(sums).to(g.dtype) for sums in (of_W, of_C, of_b, of_D))
        of_glu = to_W[:H], to_b[:H], to_W[H:], to_b[H:]
        return None, None, grads[0], of_u.view(u.shape), of_phi.view(phi.shape), to_C, to_D, *of_glu


def warm_up(hidden: int, dtype: torch.dtype) -> float:
    """Compile the kernels, or load them from the cache; return the seconds it took.

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
    """Return how many of the kernels have been compiled or loaded in this process: one per dtype."""
    return sum(len(kernel.signatures) for kernel in vars(kernels).values() if hasattr(kernel, "signatures"))


def block(call: Call, own: Values, x: Float[Tensor, "K n H"]) -> tuple[Float[Tensor, "K n H"], Statistics]:
    """Return a block's output and its norm's statistics, equal to the portable block's to rounding.

    Args:
        call: the stack, whose unit is not None, and the circumstances.
        own: the block's trainable values.
        x: input (K, n, H).
    """
    unit, dropout, raw, glu = call.stack.unit, call.dropout, part(own, "hru."), part(own, "glu.")
    assert unit is not None
    theta, delta, B, C = lanes(unit, raw)
    past, u, f, f_B, *running = _Head.apply(call, x, B)
    hamiltonian, integrator = HAMILTONIANS[unit.hamiltonian], INTEGRATORS[unit.integrator]
    with _kept(call.stack.rematerialised, u, B, f):
        phi = unit.trajectory(hamiltonian, integrator, unit.nudge, theta, delta, f, f_B)
    masks = tuple(no_bits(x) if dropout is None else dropout.bits(x, call.i, place) for place in (0, 1))
    mixing = (C, raw["D"], *(glu[name] for name in ("W1", "b1", "W2", "b2")))
    return _Tail.apply(masks, call.stack.rematerialised, past, u, phi, *mixing), (running[0], running[1])
