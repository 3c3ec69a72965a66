"""Configuration of a stack of blocks, and the call of one block."""

from dataclasses import dataclass
from typing import Literal

from impl_torch.dropout import Dropout
from impl_torch.hru import Unit
from impl_torch.interface import Values
from impl_torch.norm import Statistics


@dataclass(frozen=True)
class Stack:
    """Configuration of a stack, without its parameters.

    Args:
        blocks: number of blocks.
        unit: configuration of its units; None for units without state.
        norm: kind of ``normalise``.
        kind: classification or regression.
        output_step: time steps between two outputs of a regression.
        fused: whether blocks are ``fused_block.block``.
        rematerialise: training saves only every block's input, or its normalised input and positions if
            ``fused``; the backward pass recomputes the rest.
    """

    blocks: int
    unit: Unit | None
    norm: Literal["batch", "ema_released"]
    kind: Literal["classification", "regression"]
    output_step: int
    fused: bool
    rematerialise: bool


@dataclass(frozen=True)
class Call:
    """Arguments of a block besides its parameters and its input.

    Args:
        stack: configuration of the stack.
        statistics: the block's running mean and variance (H,).
        count: training calls so far.
        training: whether this is a training call.
        dropout: masks of this optimiser step, or None for none.
        i: index of the block.
    """

    stack: Stack
    statistics: Statistics
    count: int
    training: bool
    dropout: Dropout | None
    i: int


def select(parameters: Values, prefix: str) -> Values:
    """Return the parameters whose names start with ``prefix``, without it."""
    return {name.removeprefix(prefix): value for name, value in parameters.items() if name.startswith(prefix)}
