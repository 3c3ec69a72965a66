"""Dropout whose masks are a function of names: (seed, step, block, place)."""

import hashlib
import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from jaxtyping import Float, Int16
from torch import Tensor

#: Random bits, four entries of a mask to each number, by block and place.
Draws = dict[tuple[int, int], Tensor]
#: A mask not yet made: bits, rows of x that share one row of them, the lowest bits that are kept, and their scale.
Bits = tuple[Int16[Tensor, "_ H"], int, np.int16, float]


def no_bits(x: Float[Tensor, "K n H"]) -> Bits:
    """Return the mask that keeps everything as it is.

    Args:
        x: what will be multiplied, for its shape.
    """
    return torch.zeros(1, x.shape[2], dtype=torch.int16), x.shape[0] * x.shape[1], np.int16(-(2**15)), 1.0


@dataclass(frozen=True)
class Dropout:
    """The masks of one training step.

    Args:
        rate: probability p that an entry is dropped.
        shared: per_sample: every sample has a mask of its own; per_batch: all share one (docs/deviations.md, row 6).
        seed: the run's dropout seed.
        step: optimiser steps taken so far.
        drawn: bits to be read instead of drawn, for a recorded step.
    """

    rate: float
    shared: Literal["per_sample", "per_batch"]
    seed: int
    step: int
    drawn: Draws | None = None

    def buffers(self, shape: tuple[int, ...], blocks: int, device: torch.device) -> Draws:
        """Return room for the bits of one step.

        Args:
            shape: of what will be multiplied, (K, n, H).
            blocks: number of blocks.
            device: where the bits will be drawn.
        """
        size = -(-math.prod(self._shape(shape)) // 4)
        return {(i, place): torch.empty(size, dtype=torch.int64, device=device) for i in range(blocks) for place in (0, 1)}

    def draw(self, out: Tensor, block: int, place: int) -> Tensor:
        """Fill ``out`` with the bits of a place in this step, a function of the names alone."""
        name = f"{self.seed}|{self.step}|{block}|{place}"
        seed = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big")  # the CPU generator reads 32 bits
        return out.random_(-(2**63), None, generator=torch.Generator(out.device).manual_seed(seed))

    def _shape(self, x: tuple[int, ...]) -> tuple[int, int, int]:
        return x[0], x[1] if self.shared == "per_sample" else 1, x[2]

    def bits(self, x: Float[Tensor, "K n H"], block: int, place: int) -> Bits:
        """Return sixteen random bits per time step and channel, and per sample unless shared.

        Args:
            x: what will be multiplied, for its shape and device.
            block: number of the block.
            place: 0 after the unit, 1 after the gated linear unit.
        """
        shape = self._shape(x.shape)
        # Four entries per draw: p is rounded to a multiple of 2⁻¹⁶, and so is the scale.
        if self.drawn is None:
            draws = self.draw(torch.empty(-(-math.prod(shape) // 4), dtype=torch.int64, device=x.device), block, place)
        else:
            draws = self.drawn[block, place]
        bits = draws.view(torch.int16)[: math.prod(shape)].view(-1, shape[2])
        dropped = round(self.rate * 2**16)
        return bits, x.shape[1] // shape[1], np.int16(dropped - 2**15), 2**16 / (2**16 - dropped)

    def mask(self, x: Float[Tensor, "K n H"], block: int, place: int) -> Float[Tensor, "K m H"]:
        """Return 0 with probability p, rounded to 16 bits, and 1/(1 − p) otherwise, per time step and channel; m is n or 1.

        Args:
            x: what will be multiplied, for its shape, dtype and device.
            block: number of the block.
            place: 0 after the unit, 1 after the gated linear unit.
        """
        bits, _, limit, scale = self.bits(x, block, place)
        return (bits >= int(limit)).to(x.dtype).mul_(scale).view(self._shape(x.shape))
