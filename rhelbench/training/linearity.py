"""Check of the nudge: one batch's gradient at two sizes of it, compared by direction."""

from collections.abc import Callable
from typing import Any

import numpy as np

from rhelbench.contract import Arrays, Learner, TaskShape
from rhelbench.registry import ALGORITHMS, HAMILTONIANS, MODELS
from rhelbench.spec import Nudge, RunSpec
from rhelbench.training.state import Run

#: The second size, as a multiple of the run's; truncation grows as its square.
OTHER = 0.1
#: Difference of two directions, |g/‖g‖ − g'/‖g'‖|, above which the nudge counts as large.
ALLOWED = 1e-2
#: Algorithm of the directions: it has no cancellation, so rounding does not look like truncation.
RULE = "rhel"


class Linearity:
    """Compare RHEL's gradient at the run's nudge with that at a tenth of it.

    Both use mean and half difference, whatever algorithm the run uses. With two separate echoes, rounding
    would differ between the sizes, too. Not checked: runs without nudge or with random directions, and
    Hamiltonians without closed forms.

    Args:
        spec: the run.
        shape: sizes of the task.
        make: builds a learner.
    """

    def __init__(self, spec: RunSpec, shape: TaskShape, make: Callable[[RunSpec, TaskShape], Learner]) -> None:
        entry = ALGORITHMS[spec.switches.algorithm]
        unit = MODELS[spec.model].hamiltonian
        self._wanted = entry.needs_nudge and not entry.random and unit is not None and HAMILTONIANS[unit].closed_forms
        self._spec, self._shape, self._make = spec, shape, make
        self._learners: list[Learner] = []

    def check(self, learner: Learner, x: Any, y: Any, run: Run) -> None:
        """Set the run's flag ``nudge-large`` if the two directions differ by more than ALLOWED.

        Args:
            learner: its state is read.
            x: a batch of inputs, on the device.
            y: its labels or targets, on the device.
            run: the run.
        """
        if not self._wanted:
            return
        if not self._learners:
            self._learners = [self._make(self._at(part), self._shape) for part in (1.0, OTHER)]
        found = []
        for one in self._learners:
            one.restore(learner.state())
            found.append(one.gradients(x, y)[1])
        gap = difference(*found)
        if not gap <= ALLOWED:
            size = f"{self._spec.switches.nudge.mode} nudge of {self._spec.switches.nudge.size:g}"
            run.flag(
                "nudge-large",
                f"At step {run.step} the gradient's direction at a {size} and at {OTHER:g} of it differ by {gap:.1e}.",
            )

    def _at(self, part: float) -> RunSpec:
        nudge = self._spec.switches.nudge
        changed = {"algorithm": RULE, "nudge": Nudge(mode=nudge.mode, size=nudge.size * part)}
        return self._spec.model_copy(update={"switches": self._spec.switches.model_copy(update=changed)})


def difference(one: Arrays, other: Arrays) -> float:
    """Return |g/‖g‖ − g'/‖g'‖| of two gradients, over all parameters; 0 if both are zero.

    Example:
        >>> difference({"a": np.array([3.0, 4.0])}, {"a": np.array([6.0, 8.0])})
        0.0
    """
    vectors = [
        np.concatenate([np.ravel(g[path]).astype(np.float64) for path in sorted(one) if path != "input"]) for g in (one, other)
    ]
    sizes = [float(np.linalg.norm(vector)) for vector in vectors]
    if sizes == [0.0, 0.0]:
        return 0.0
    return float(np.linalg.norm(vectors[0] / sizes[0] - vectors[1] / sizes[1])) if all(sizes) else float("inf")
