"""A block of compiled CPU kernels, called by XLA (``kernels.cpu.block_handler`` and the trajectory's)."""

from dataclasses import dataclass, replace
from functools import cache, partial
from typing import Any, Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, Key, UInt16, UInt32

from impl_jax.dropout import draw, threshold
from impl_jax.fused import Kernel, Residuals
from impl_jax.hru import Unit, mixing, physical, read_in
from impl_jax.interface import Hamiltonian, Lanes, Theta
from impl_jax.norm import FLOOR, Running, mix_statistics

Activations = Float[Array, "K n H"]
#: The same as rows r = k n + sample.
Rows = Float[Array, "R H"]
#: Row i of a mask's bits belongs to rows r with r // (R // m) = i; zeros (1, H), with limit 0, drop nothing.
Bits = UInt16[Array, "m H"]
#: Key data of a block's two masks.
Keys = tuple[UInt32[Array, "2"], UInt32[Array, "2"]]


@cache
def _target(name: str, dtype: str) -> str:
    """Compile a kernel, or load it from the cache; return its name in XLA."""
    # Importing numba takes half a second, and a portable run does not need it.
    from kernels.cpu.block_handler import handler

    target = f"rhelbench.block.{name}.{dtype}"
    jax.ffi.register_ffi_target(target, handler(name, dtype), platform="cpu", api_version=1)
    return target


def _call(
    name: str, like: Array, shapes: list[tuple[int, ...]], *operands: Array, in_place: int | None = None, **limit: Any
) -> Any:
    """Run a kernel; return its results in the dtype of ``like``, the first in the buffer of operand ``in_place``."""
    results = [jax.ShapeDtypeStruct(shape, like.dtype) for shape in shapes]
    aliases = None if in_place is None else {in_place: 0}
    target = _target(name, str(like.dtype))
    return jax.ffi.ffi_call(target, results, vmap_method="sequential", input_output_aliases=aliases)(*operands, **limit)


class Values(NamedTuple):
    """A block's values as its kernels expect them; W stacks W1 and W2."""

    theta: Theta
    delta: Lanes
    B: Float[Array, "P H"]
    C: Float[Array, "H P"]
    D: Float[Array, " H"]
    W: Float[Array, "2H H"]
    b1: Float[Array, " H"]
    b2: Float[Array, " H"]


@dataclass(frozen=True)
class BlockConfig:
    """Configuration of a block.

    Args:
        unit: its unit, which has kernels.
        norm: ``switches.norm``.
        dropout: probability that an entry is dropped.
        dropout_mask: ``switches.dropout_mask``.
        again: rematerialise: the backward pass recomputes drive, masks and everything between positions and
            output; otherwise they are stored.
    """

    unit: Unit
    norm: Literal["batch", "ema_released"]
    dropout: float
    dropout_mask: Literal["per_sample", "per_batch"]
    again: bool

    @property
    def kernel(self) -> Kernel:
        """Return the kernel of the trajectory."""
        assert self.unit.kernel is not None
        return self.unit.kernel

    @property
    def hamiltonian(self) -> Hamiltonian:
        """Return the Hamiltonian of the trajectory."""
        assert self.unit.hamiltonian is not None
        return self.unit.hamiltonian

    @property
    def limit(self) -> np.int64:
        """Return the kernels' dropout attribute."""
        return np.int64(threshold(self.dropout))

    def bits(self, keys: Keys, shape: tuple[int, ...]) -> tuple[Bits, Bits]:
        """Return the bits of both masks for activations of a shape."""
        if not self.limit:
            nothing = jnp.zeros((1, shape[2]), jnp.uint16)
            return nothing, nothing
        first, second = (draw(jax.random.wrap_key_data(key), shape, self.dropout_mask).reshape(-1, shape[2]) for key in keys)
        return first, second


class _Residuals(NamedTuple):
    u: Rows
    drive: Array | None
    phi: Float[Array, "K n P"]
    path: Residuals
    inside: tuple[Rows, Rows, Float[Array, "R 2H"]]
    masks: tuple[Bits, Bits] | Keys
    rate: Float[Array, " H"]
    off: Float[Array, " H"]
    share: Float[Array, ""]
    values: Values


def _forward(
    made: BlockConfig, x: Activations, used: Running, values: Values, keys: Keys, training: bool
) -> tuple[Activations, Rows, Array, Array, Any, Any, tuple[Bits, Bits], Float[Array, " H"]]:
    """Run a block with given statistics; return its output and, in training, its residuals."""
    flat, rate = x.reshape(-1, x.shape[2]), jax.lax.rsqrt(used.var + FLOOR)
    u, f = _call("head", flat, [flat.shape, (len(flat), len(values.B))], flat, used.mean, rate, values.B)
    drive = f.reshape(*x.shape[:2], -1)
    given = made.hamiltonian, values.theta, values.delta, drive
    phi, path = made.kernel.forward(*given) if training else (made.kernel.path(*given, rows=1)[0], None)
    masks = made.bits(keys, x.shape)
    (R, H), kept = flat.shape, len(flat) if training and not made.again else 0  # arrays without rows if nothing is stored
    shapes = [(R, H), (kept, H), (kept, H), (kept, 2 * H)]
    out, *inside = _call("tail", flat, shapes, flat, u, phi.reshape(f.shape), *values[3:], *masks, limit=made.limit)
    return out.reshape(x.shape), u, drive, phi, path, tuple(inside), masks, rate


@partial(jax.custom_vjp, nondiff_argnums=(0,))
def _train(
    made: BlockConfig, x: Activations, values: Values, running: Running, count: Int[Array, ""], keys: Keys
) -> tuple[Activations, Running]:
    """Return a block's output in a training call, and its running statistics."""
    return _keep(made, x, values, running, count, keys)[0]


def _keep(
    made: BlockConfig, x: Activations, values: Values, running: Running, count: Int[Array, ""], keys: Keys
) -> tuple[tuple[Activations, Running], _Residuals]:
    flat, H = x.reshape(-1, x.shape[2]), x.shape[2]
    batch = Running(*_call("moments", flat, [(H,), (H,)], flat))
    used, after, share = mix_statistics(made.norm, batch, running, count)
    out, u, drive, phi, path, inside, masks, rate = _forward(made, x, used, values, keys, training=True)
    kept = _Residuals(
        u, None if made.again else drive, phi, path, inside, keys if made.again else masks, rate,
        used.mean - batch.mean, share, values,
    )  # fmt: skip
    return (out, after), kept


def _back(made: BlockConfig, kept: _Residuals, grads: tuple[Activations, Running]) -> tuple[Any, ...]:
    (u, drive, phi, path, inside, masks, rate, off, share, values), past = kept, grads[0]
    g, (R, H), (P, _) = past.reshape(kept.u.shape), kept.u.shape, values.B.shape
    if drive is None:
        # Otherwise the compiler would merge these bits with those of the forward pass, and store them.
        masks = made.bits((_later(masks[0], g), _later(masks[1], g)), past.shape)
    shapes = [(R, H), (R, P), (H, P), (H,), (2 * H, H), (2 * H,)]
    of_u, of_phi, to_C, to_D, to_W, to_b = _call(
        "tail_back", g, shapes, u, phi.reshape(R, P), *values[3:], *masks, *inside, g, limit=made.limit
    )
    if drive is None:
        # The kernel ignores the last operand; without it the compiler would run it in the forward pass and store f.
        drive = _call("drive", u, [(R, P)], u, values.B, of_phi)[0].reshape(phi.shape)
    to_theta, to_delta, of_f, of_f_B = made.kernel.backward(
        made.hamiltonian, made.unit.nudge, values.theta, values.delta, drive, path, of_phi.reshape(phi.shape)
    )
    of_u, to_B, (of_g, of_gu) = _call(
        "head_back", g, [(R, H), (P, H), (2, H)], u, values.B, of_f.reshape(R, P), of_f_B.reshape(R, P), of_u, in_place=4
    )
    # Through the mean −rate Σg, through the variance −rate² Σ(g u)/2 times 2 (x − batch mean), (x − mean) = u / rate.
    slope = -share * rate * of_gu / R
    shift = -share * rate * (of_g + rate * of_gu * off) / R
    (of_x,) = _call("normalise_back", g, [(R, H)], of_u, u, g, rate, slope, shift, in_place=0)
    to_values = Values(to_theta, to_delta, to_B, to_C, to_D, to_W, to_b[:H], to_b[H:])
    return of_x.reshape(past.shape), to_values, None, None, None


def _later(key: UInt32[Array, "2"], after: Array) -> UInt32[Array, "2"]:
    """Return a key that depends on ``after`` for the compiler, which delays its use."""
    result = [jax.ShapeDtypeStruct(key.shape, key.dtype)]
    return jax.ffi.ffi_call(_target("later", str(after.dtype)), result, vmap_method="sequential")(key, after)[0]


_train.defvjp(_keep, _back)


def block(
    made: BlockConfig,
    hru: Theta,
    glu: Theta,
    x: Activations,
    running: Running,
    count: Int[Array, ""],
    keys: tuple[Key[Array, ""], Key[Array, ""]] | tuple[None, None],
    training: bool,
) -> tuple[Activations, Running]:
    """Return a block's output and its norm statistics, equal to the portable block's to rounding.

    Args:
        made: the block's configuration.
        hru: trainable values of its unit by letter.
        glu: trainable values of its gated linear unit.
        x: input (K, n, H).
        running: running statistics.
        count: training calls so far.
        keys: keys of its two masks; None drops nothing.
        training: training or inference mode; inference has no gradient.
    """
    theta, delta = physical(made.hamiltonian, made.unit, hru)
    W = jnp.concatenate([glu["W1"], glu["W2"]])
    values = Values(theta, delta, read_in(made.unit, hru), mixing(made.unit, hru), hru["D"], W, glu["b1"], glu["b2"])
    if keys[0] is None or keys[1] is None:
        made, data = replace(made, dropout=0.0), (jnp.zeros(2, jnp.uint32), jnp.zeros(2, jnp.uint32))
    else:
        data = jax.random.key_data(keys[0]), jax.random.key_data(keys[1])
    if training:
        return _train(made, x, values, running, count, data)
    return _forward(made, x, running, values, data, training=False)[0], running
