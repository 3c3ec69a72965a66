"""A training step whose inputs lie at fixed addresses, so that a GPU records it once and replays it."""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import torch
from jaxtyping import Float, Int
from torch import Tensor

from impl_torch.dropout import Draws, Dropout

#: (inputs (K, n, d), labels or targets, masks) -> loss; changes the learner's state in place and reads nothing back.
Body = Callable[[Tensor, Tensor, Dropout | None], Tensor]
#: (work, tensors that it changes) -> the same work, recorded: called again, it returns the same tensor with the new loss.
Recorder = Callable[[Callable[[], Tensor], list[Tensor]], Callable[[], Tensor]]
#: Steps before the recording, in which libraries set themselves up; what they changed is put back.
WARM_UP = 3
#: Algorithms whose steps cannot be recorded: they draw from a seed that they read out of the gradient.
READ_BACK: frozenset[str] = frozenset({"forward_gradient", "spsa"})


@dataclass(frozen=True)
class RecordedStep:
    """One recorded step and its buffers.

    Args:
        x: the batch's inputs.
        y: its labels or targets.
        draws: the bits of its dropout masks.
        replay: the step on what lies in the buffers.
    """

    x: Float[Tensor, "K n d"]
    y: Tensor
    draws: Draws
    replay: Callable[[], Tensor]


@dataclass
class Recordings:
    """The recorded steps of one learner, one per shapes.

    Args:
        recorder: ``cuda_graph``, or None to record nothing.
        count: recordings so far.
        seconds: time they took.
    """

    recorder: Recorder | None
    count: int = 0
    seconds: float = 0.0
    steps: dict[tuple[int, ...], RecordedStep] = field(default_factory=dict)

    def forget(self) -> None:
        """Drop every recording: the state has moved to other addresses."""
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
        """Take one step on the samples ``row``, recorded the first time; None where nothing is recorded.

        Args:
            body: the step.
            changed: every tensor of the state.
            by_time: every sample's inputs.
            y: every sample's label or targets.
            row: the batch.
            dropout: the step's masks.
            masks: number of blocks, and their channels.
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
            raise  # no refusal to record: whoever runs out of memory is to be told
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
    """Record ``work`` as a CUDA graph, leaving the state as it was.

    Args:
        work: launches kernels on tensors that stay where they are; draws nothing, reads nothing back.
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
