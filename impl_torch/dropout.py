"""Dropout with masks as functions of (seed, optimiser step, block, place)."""

import hashlib
import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from jaxtyping import Float, Int16
from torch import Tensor

#: Random bits by block and place; each number serves four mask entries.
Draws = dict[tuple[int, int], Tensor]
#: A mask in compact form: bits, rows of x per row of bits, the smallest bits that are not dropped, and their scale.
Bits = tuple[Int16[Tensor, "_ H"], int, np.int16, float]


def no_bits(x: Float[Tensor, "K n H"]) -> Bits:
    """Return the mask that drops nothing.

    Args:
        x: activations, for their shape.
    """
    return torch.zeros(1, x.shape[2], dtype=torch.int16), x.shape[0] * x.shape[1], np.int16(-(2**15)), 1.0


@dataclass(frozen=True)
class Dropout:
    """The masks of one optimiser step.

    Args:
        rate: probability p that an entry is dropped.
        shared: ``per_sample``: each sample has its own mask; ``per_batch``: all samples share one
            (docs/deviations.md, row 6).
        seed: the run's dropout seed.
        step: optimiser steps taken so far.
        drawn: buffers with random bits, for a recorded optimiser step; None: they are generated.
    """

    rate: float
    shared: Literal["per_sample", "per_batch"]
    seed: int
    step: int
    drawn: Draws | None = None

    def buffers(self, shape: tuple[int, ...], blocks: int, device: torch.device) -> Draws:
        """Return buffers for the random bits of one optimiser step.

        Args:
            shape: shape of the activations (K, n, H).
            blocks: number of blocks.
            device: device of the bits.
        """
        size = -(-math.prod(self._shape(shape)) // 4)
        return {(i, place): torch.empty(size, dtype=torch.int64, device=device) for i in range(blocks) for place in (0, 1)}

    def draw(self, out: Tensor, block: int, place: int) -> Tensor:
        """Fill ``out`` with the random bits of a place, a function of seed, optimiser step, block and place."""
        name = f"{self.seed}|{self.step}|{block}|{place}"
        seed = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big")  # the CPU generator uses 32 bits
        return out.random_(-(2**63), None, generator=torch.Generator(out.device).manual_seed(seed))

    def _shape(self, x: tuple[int, ...]) -> tuple[int, int, int]:
        return x[0], x[1] if self.shared == "per_sample" else 1, x[2]

    def bits(self, x: Float[Tensor, "K n H"], block: int, place: int) -> Bits:
        """Return 16 random bits per time step and feature, and per sample unless shared.

        Args:
            x: activations, for their shape and device.
            block: index of the block.
            place: 0 after the unit, 1 after the gated linear unit.
        """
        shape = self._shape(x.shape)
        # Four entries per random number: p and the scale are rounded to a multiple of 2⁻¹⁶.
        if self.drawn is None:
            draws = self.draw(torch.empty(-(-math.prod(shape) // 4), dtype=torch.int64, device=x.device), block, place)
        else:
            draws = self.drawn[block, place]
        bits = draws.view(torch.int16)[: math.prod(shape)].view(-1, shape[2])
        dropped = round(self.rate * 2**16)
        return bits, x.shape[1] // shape[1], np.int16(dropped - 2**15), 2**16 / (2**16 - dropped)

    def mask(self, x: Float[Tensor, "K n H"], block: int, place: int) -> Float[Tensor, "K m H"]:
        """Return 0 with probability p (rounded to 16 bits) and 1/(1 − p) otherwise, (K, n or 1, H).

        Args:
            x: activations, for their shape, dtype and device.
            block: index of the block.
            place: 0 after the unit, 1 after the gated linear unit.
        """
        bits, _, limit, scale = self.bits(x, block, place)
        return (bits >= int(limit)).to(x.dtype).mul_(scale).view(self._shape(x.shape))
