"""An optimiser step with inputs at fixed addresses, which a GPU records once as a CUDA graph and replays."""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import torch
from jaxtyping import Float, Int
from torch import Tensor

from impl_torch.dropout import Draws, Dropout

#: (inputs (K, n, d), labels or targets, masks) -> loss; updates the learner's state in place, without a copy to the host.
Body = Callable[[Tensor, Tensor, Dropout | None], Tensor]
#: (work, tensors that it changes) -> the recorded work; every call returns the same tensor with the new loss.
Recorder = Callable[[Callable[[], Tensor], list[Tensor]], Callable[[], Tensor]]
#: Warm-up calls before recording, in which libraries initialise; the state is restored after them.
WARM_UP = 3
#: Algorithms that cannot be recorded: their random seed is read from the gradient on the host.
READ_BACK: frozenset[str] = frozenset({"forward_gradient", "spsa"})


@dataclass(frozen=True)
class RecordedStep:
    """One recorded optimiser step and its buffers.

    Args:
        x: the batch's inputs.
        y: its labels or targets.
        draws: the random bits of its dropout masks.
        replay: runs the optimiser step on the content of the buffers.
    """

    x: Float[Tensor, "K n d"]
    y: Tensor
    draws: Draws
    replay: Callable[[], Tensor]


@dataclass
class Recordings:
    """The recorded optimiser steps of one learner, one per shapes.

    Args:
        recorder: ``cuda_graph``, or None to record nothing.
        count: recordings so far.
        seconds: time of the recordings.
    """

    recorder: Recorder | None
    count: int = 0
    seconds: float = 0.0
    steps: dict[tuple[int, ...], RecordedStep] = field(default_factory=dict)

    def forget(self) -> None:
        """Drop all recordings, when the state has moved to other addresses."""
        self.steps.clear()

    def step(
        self,
        body: Body,
        changed: list[Tensor],
        by_time: Float[Tensor, "K all d"],
        y: Tensor,
        row: Int[Tensor, " n"],
        dropout: Dropout | None,
        masks: tuple[int, int],
    ) -> Float[Tensor, ""] | None:
        """Take one optimiser step on the samples ``row``, recording it the first time; None without recording.

        Args:
            body: the optimiser step.
            changed: all tensors of the state.
            by_time: inputs of all samples, time-major.
            y: labels or targets of all samples.
            row: indices of the batch.
            dropout: masks of this optimiser step.
            masks: number of blocks, and their features.
        """
        if self.recorder is None:
            return None
        shapes = (*by_time.shape, *y.shape, *row.shape)
        start = time.perf_counter()
        try:
            if shapes not in self.steps:
                x, labels = by_time.index_select(1, row), y.index_select(0, row)
                draws = {} if dropout is None else dropout.buffers((*x.shape[:2], masks[1]), masks[0], x.device)
                _draw(dropout, draws)
                own = None if dropout is None else replace(dropout, drawn=draws)
                replay = self.recorder(lambda: body(x, labels, own), changed)
                self.steps[shapes] = RecordedStep(x, labels, draws, replay)
                self.count += 1
                self.seconds += time.perf_counter() - start
        except torch.OutOfMemoryError:
            raise  # out of memory is an error, not a failure to record
        except RuntimeError as error:
            cause = (str(error) or type(error).__name__).splitlines()[0]
            print(
                f"The training steps run one kernel at a time, which is slower: CUDA cannot record them ({cause}).",
                file=sys.stderr,
            )
            self.recorder = None
            return None
        recorded = self.steps[shapes]
        torch.index_select(by_time, 1, row, out=recorded.x)
        torch.index_select(y, 0, row, out=recorded.y)
        _draw(dropout, recorded.draws)
        return recorded.replay().clone()


def _draw(dropout: Dropout | None, draws: Draws) -> None:
    if dropout is not None:
        for (block, place), bits in draws.items():
            dropout.draw(bits, block, place)


def cuda_graph(work: Callable[[], Tensor], changed: list[Tensor]) -> Callable[[], Tensor]:
    """Record ``work`` as a CUDA graph; the state is unchanged afterwards.

    Args:
        work: launches kernels on tensors at fixed addresses, without random numbers and host copies.
        changed: the tensors that it changes.

    Raises:
        RuntimeError: CUDA cannot record it.
    """
    before = [tensor.detach().clone() for tensor in changed]
    aside = torch.cuda.Stream()
    aside.wait_stream(torch.cuda.current_stream())
    try:
        with torch.cuda.stream(aside):
            for _ in range(WARM_UP):
                work()
    finally:
        torch.cuda.current_stream().wait_stream(aside)
        for tensor, value in zip(changed, before, strict=True):
            tensor.detach().copy_(value)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        loss = work()

    def replay() -> Tensor:
        graph.replay()
        return loss

    return replay
