"""What a framework must offer: the shapes it is given and the Learner it returns."""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from rhelbench.registry import ALGORITHMS, MODELS
from rhelbench.spec import RunSpec

#: Canonical name to array, the common tongue of all frameworks (docs/symbols.md).
Arrays = dict[str, NDArray[Any]]

#: Regression reads its outputs at steps output_step, 2·output_step, … (paper, section 4; PPG-DaLiA).
OUTPUT_STEP = 128


@dataclass(frozen=True)
class TaskShape:
    """The sizes a model needs from its task.

    Args:
        channels: d, input channels, the time channel included when the spec asks for it.
        length: L, steps of a sample.
        outputs: c, classes, or target dimensions of a regression.
        kind: what the read-out does: mean over time and softmax, or every output_step-th step and tanh.
        output_step: steps between two outputs of a regression.
    """

    channels: int
    length: int
    outputs: int
    kind: Literal["classification", "regression"]
    output_step: int = OUTPUT_STEP


#: Bytes of activations from which on a stack keeps fewer of them.
REMATERIALISE_ABOVE = 2**31


def rematerialise(spec: RunSpec, shape: TaskShape) -> bool:
    """Return whether training makes what is inside a block again in its backward pass instead of keeping it.

    It costs up to a forward pass and pays where memory counts: where the blocks would keep more than REMATERIALISED (some eight
    arrays as wide as the block and two as wide as the recurrence, each), and the algorithm keeps no trajectory, which plain
    backpropagation does.
    """
    lanes = spec.hyper.state * (2 if MODELS[spec.model].paired else 1)
    each = spec.hyper.batch * shape.length * np.dtype(spec.dtype).itemsize
    kept = each * spec.hyper.blocks * (8 * spec.hyper.hidden + 2 * lanes)
    return kept > REMATERIALISE_ABOVE and not ALGORITHMS[spec.switches.algorithm].keeps_trajectory


class Learner(Protocol):
    """One model, one optimiser, one learning algorithm, on one device.

    A module named in ``registry.FRAMEWORKS`` offers ``make_learner(spec: RunSpec, shape: TaskShape) -> Learner``,
    ``unit_gradients(model, switches, raw, u, bar)`` as ``rhelbench.oracle.learner`` does, and ``device() -> str``, which names
    what it will compute on, ``"cpu"`` or ``"cuda: NAME"``. It may offer ``configure_process()``, which a command calls once
    before the first learner where the process is its own: settings of the whole process are made there and nowhere else.
    Arrays enter and leave as NumPy under canonical names; ``put`` returns the framework's own array, so that
    a data set crosses to the device once. Nothing is drawn here but dropout, whose masks are a function of
    (dropout seed, step) alone, so that a state restored at any step continues bit for bit.
    """

    def init(self, parameters: Arrays, dropout_seed: int) -> None:
        """Start from ``parameters`` with a fresh optimiser, norm statistics and step count zero."""
        ...

    def put(self, x: NDArray[Any]) -> Any:
        """Move an array to the device: inputs (n, L, d), labels (n,) int, or targets (n, L // output_step, c)."""
        ...

    def train_chunk(self, x: Any, y: Any, plan: NDArray[np.int32]) -> NDArray[np.floating]:
        """Take one optimiser step per row of ``plan`` (steps, batch), indices into x; return the losses (steps,)."""
        ...

    def predict(self, x: Any) -> NDArray[np.floating]:
        """Return logits (n, c), or regression outputs (n, K, c), in inference mode."""
        ...

    def gradients(self, x: Any, y: Any) -> tuple[float, Arrays]:
        """Return the loss and, per canonical parameter, the gradient of ``loss_factor`` times it, for the whole batch (x, y).

        Training mode, no dropout. Norm statistics are read, never changed. ``x``'s gradient is ``"input"`` (n, L, d).
        """
        ...

    def fidelity(self, x: Any) -> float:
        """Return the worst block's and sample's ‖Φe_end‖/max‖Φ‖ of an echo without nudge: 0 is a perfect retrace from Φ_0 = 0."""
        ...

    def state(self) -> Arrays:
        """Return everything needed to continue, under the names of docs/symbols.md (parameters., adam., norm., dropout.)."""
        ...

    def restore(self, state: Arrays) -> None:
        """Continue from a state saved by any framework."""
        ...

    def precision(self) -> AbstractContextManager[None]:
        """Enter a context in which the framework's own operations keep the precision of the run's arrays."""
        ...

    def facts(self) -> dict[str, Any]:
        """Return what the record's provenance says of this process.

        Keys: ``device`` (str), ``kernel`` (str: ``fused`` or ``portable``, which ran), ``versions`` (dict, by package),
        ``precision`` (dict, by setting), ``compile_s`` (float, so far), ``compilations`` (int, so far), ``peak_device_bytes``
        (int, or None where the device does not say). Cheap to call.
        """
        ...
