"""Passes of a fused trajectory on a GPU: the Triton kernels of ``kernels.gpu``, called through jax-triton."""

import sys
from functools import cache
from typing import Any, cast

import jax
from jaxtyping import Array

from kernels.passes import ARGUMENTS, KickAt, Pass
from rhelbench.errors import UserError


@cache
def kernels() -> tuple[Any, Any]:
    """Return jax_triton and ``kernels.gpu.passes``.

    Raises:
        UserError: jax-triton is missing, or JAX was installed without GPU support.
    """
    try:
        import jax_triton  # pyright: ignore[reportMissingImports]

        from kernels.gpu import passes
    except ImportError as error:
        raise UserError(
            "JAX's fused kernels on a GPU need the package jax-triton beside JAX for CUDA: install it, or set kernel: portable."
        ) from error
    return jax_triton, passes


@cache
def usable(required: bool) -> bool:
    """Return whether the kernels run on this GPU; if not, print the reason once.

    Args:
        required: whether unusable kernels are an error.

    Raises:
        UserError: they are required and unusable.
    """
    try:
        kernels()
    except UserError as error:
        if required:
            raise
        print(f"rhelbench: JAX takes the portable path, which is slower: {error}", file=sys.stderr)
        return False
    return True


def call(hamiltonian: str, name: Pass, kick_at: KickAt, keep: bool, arguments: tuple[Array, ...]) -> list[Array]:
    """Run one pass over all channels.

    Args:
        hamiltonian: linear or nonlinear.
        name: forward, adjoint, pair_echo or released_echo.
        kick_at: position of the kick's force.
        keep: whether ``forward`` stores every momentum, or only the last.
        arguments: the arrays of ``kernels.cpu``, in its order.

    Returns:
        The pass's outputs in the same order.
    """
    jax_triton, passes = kernels()
    length, lanes = arguments[2].shape
    made = dict(zip(ARGUMENTS[name], arguments, strict=True))
    for item in passes.launches(hamiltonian, name, length, lanes, kick_at, keep):
        outputs = [jax.ShapeDtypeStruct(shape, arguments[2].dtype) for shape in item.outputs.values()]
        inputs = [made[key] for key in item.inputs]
        found = jax_triton.triton_call(
            *inputs, *item.scalars, kernel=item.kernel, out_shape=outputs, grid=item.grid, **item.constants
        )  # fmt: skip
        made |= dict(zip(item.outputs, cast(list[Array], found), strict=True))
    return passes.results(name, made)
