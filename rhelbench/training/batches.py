"""Which samples each optimiser step sees, a function of the step alone, so that resuming is trivial."""

import numpy as np
from numpy.typing import NDArray

from rhelbench.errors import UserError
from rhelbench.seeds import generator
from rhelbench.spec import RunSpec


class Batches:
    """Epochs of fresh permutations, cut into batches; the incomplete last one is dropped.

    Epoch e's permutation comes from the stream ``batches/<e>``, so any step's batch is known without the ones before it.
    ``every_complete`` takes all n // batch batches of an epoch; ``drop_further`` leaves one more out where batch divides n,
    as the authors' loop does (docs/deviations.md, row 11). Where batch equals n, both take the whole part at each step.

    Args:
        spec: the run; its framework and algorithm play no part, so that runs are compared pairwise.
        samples: n, size of the training part.

    Raises:
        UserError: not one batch per epoch.
    """

    def __init__(self, spec: RunSpec, samples: int) -> None:
        self._names = (spec.task, spec.seed, spec.seed)
        self._samples, self._batch = samples, spec.hyper.batch
        self.per_epoch = samples // self._batch
        if spec.switches.batches == "drop_further" and samples % self._batch == 0 and samples > self._batch:
            self.per_epoch -= 1
        if self.per_epoch < 1:
            raise UserError(
                f"{spec.task}: a batch of {self._batch} leaves no batch per epoch in a training part of {samples} samples; "
                f"choose a smaller batch."
            )
        self._epoch, self._permutation = -1, np.empty(0, np.int32)

    def plan(self, start: int, stop: int) -> NDArray[np.int32]:
        """Return the sample indices of steps start … stop − 1, (stop − start, batch) int32."""
        return np.stack([self._row(step) for step in range(start, stop)])

    def _row(self, step: int) -> NDArray[np.int32]:
        epoch, i = divmod(step, self.per_epoch)
        if epoch != self._epoch:
            drawn = generator(f"batches/{epoch}", *self._names).permutation(self._samples)
            self._epoch, self._permutation = epoch, drawn.astype(np.int32)
        return self._permutation[i * self._batch : (i + 1) * self._batch]
