"""Interface between the suite and a framework: arguments, and the Learner."""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from rhelbench.registry import ALGORITHMS, MODELS
from rhelbench.spec import RunSpec

#: Arrays by canonical name, the common format of all frameworks (docs/symbols.md).
Arrays = dict[str, NDArray[Any]]

#: A regression has outputs at time steps output_step, 2·output_step, … (paper, section 4; PPG-DaLiA).
OUTPUT_STEP = 128


@dataclass(frozen=True)
class TaskShape:
    """Sizes of a task.

    Args:
        channels: d, input features, with the time channel if the run has one.
        length: L, time steps of a sample.
        outputs: c, classes, or target dimensions of a regression.
        kind: read-out: mean over time and softmax, or tanh every ``output_step`` time steps.
        output_step: time steps between two outputs of a regression.
    """

    channels: int
    length: int
    outputs: int
    kind: Literal["classification", "regression"]
    output_step: int = OUTPUT_STEP


#: Bytes of stored activations above which a stack rematerialises its blocks.
REMATERIALISE_ABOVE = 2**31


def rematerialise(spec: RunSpec, shape: TaskShape) -> bool:
    """Return whether training recomputes a block's activations in the backward pass instead of storing them.

    This costs up to one forward pass. It is used if the blocks would store more than REMATERIALISED bytes, about
    eight arrays of the block's width and two of the recurrence's width each. An algorithm that stores the
    trajectory (plain BPTT) never uses it.

    Args:
        spec: the run.
        shape: sizes of the task.
    """
    lanes = spec.hyper.state * (2 if MODELS[spec.model].paired else 1)
    each = spec.hyper.batch * shape.length * np.dtype(spec.dtype).itemsize
    kept = each * spec.hyper.blocks * (8 * spec.hyper.hidden + 2 * lanes)
    return kept > REMATERIALISE_ABOVE and not ALGORITHMS[spec.switches.algorithm].keeps_trajectory


class Learner(Protocol):
    """One model, one optimiser, one algorithm, on one device.

    A module in ``registry.FRAMEWORKS`` exports three functions. ``make_learner(spec: RunSpec, shape: TaskShape)
    -> Learner``; ``unit_gradients(model, switches, raw, u, bar)`` as in ``rhelbench.oracle.learner``; and
    ``device() -> str``, ``"cpu"`` or ``"cuda: NAME"``. It may export ``configure_process()`` for process-wide
    settings. A command that owns its process calls it once, before the first learner.

    Arrays are NumPy by canonical name. ``put`` returns the framework's own array, so a data set is copied to the
    device once. The only random numbers are dropout masks, functions of (dropout seed, optimiser step). A
    restored state therefore continues bit-identically.
    """

    def init(self, parameters: Arrays, dropout_seed: int) -> None:
        """Start from ``parameters`` with a new optimiser and new norm statistics, at optimiser step 0."""
        ...

    def put(self, x: NDArray[Any]) -> Any:
        """Move an array to the device: inputs (n, L, d), labels (n,) int, or targets (n, L // output_step, c)."""
        ...

    def train_chunk(self, x: Any, y: Any, plan: NDArray[np.int32]) -> NDArray[np.floating]:
        """Take one optimiser step per row of ``plan`` (steps, batch), indices into x; return the losses (steps,)."""
        ...

    def predict(self, x: Any) -> NDArray[np.floating]:
        """Return logits (n, c), or outputs (n, L // output_step, c), in inference mode."""
        ...

    def gradients(self, x: Any, y: Any) -> tuple[float, Arrays]:
        """Return the loss and the gradients of ``loss_factor`` times the loss, for the whole batch (x, y).

        Training mode, no dropout. Norm statistics stay unchanged. Gradients are by canonical name; ``"input"``
        (n, L, d) is that of ``x``.
        """
        ...

    def fidelity(self, x: Any) -> float:
        """Return the worst ‖Φe_end‖/max‖Φ‖ over blocks and samples, of an echo without nudge; 0 is perfect."""
        ...

    def state(self) -> Arrays:
        """Return everything needed to resume, by the names in docs/symbols.md (parameters., adam., norm., dropout.)."""
        ...

    def restore(self, state: Arrays) -> None:
        """Resume from a state saved by any framework."""
        ...

    def precision(self) -> AbstractContextManager[None]:
        """Return a context in which the framework's operations use the precision of the run's arrays."""
        ...

    def facts(self) -> dict[str, Any]:
        """Return facts of this process for the record's provenance.

        Keys: ``device`` (str), ``kernel`` (str: ``fused`` or ``portable``, which ran), ``versions`` (dict, by package),
        ``precision`` (dict, by setting), ``compile_s`` (float, so far), ``compilations`` (int, so far),
        ``peak_device_bytes`` (int, or None if the device does not report it). Cheap to call.
        """
        ...
