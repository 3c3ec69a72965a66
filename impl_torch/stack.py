"""What a stack of blocks is made of, and how one of its blocks is called."""

from dataclasses import dataclass
from typing import Literal

from impl_torch.dropout import Dropout
from impl_torch.hru import Unit
from impl_torch.interface import Values
from impl_torch.norm import Statistics


@dataclass(frozen=True)
class Stack:
    """What a stack is made of, apart from its parameters.

    Args:
        blocks: N.
        unit: what its units are made of; None for units without state.
        norm: which kind of ``normalise``.
        kind: classification or regression.
        output_step: distance of a regression's outputs, in steps.
        fused: whether blocks are ``fused_block.block``.
        rematerialised: training keeps every block's input alone, or its normalised input and positions where ``fused``, and
            makes the rest again in the backward pass.
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
    """What a block is given beside its parameters and its input.

    Args:
        stack: what the stack is made of.
        statistics: the block's running mean and variance (H,).
        count: training calls so far.
        training: whether this is a training call.
        dropout: this step's masks, or None for none.
        i: number of the block.
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
