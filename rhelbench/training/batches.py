"""The samples of each optimiser step, as a function of the step's index, which makes resuming trivial."""

import numpy as np
from numpy.typing import NDArray

from rhelbench.errors import UserError
from rhelbench.seeds import generator
from rhelbench.spec import RunSpec


class Batches:
    """Epochs of new permutations, split into batches; an incomplete last batch is dropped.

    Epoch e's permutation comes from the random stream ``batches/<e>``, so any batch is known without the
    earlier ones. ``every_complete`` takes all n // batch batches of an epoch. ``drop_further`` drops one more
    if batch divides n, as the authors' loop does (docs/deviations.md, row 11). If batch equals n, both take
    the whole part at each optimiser step.

    Args:
        spec: the run; framework and algorithm do not matter, so runs can be compared in pairs.
        samples: n, size of the training part.

    Raises:
        UserError: less than one batch per epoch.
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
        """Return the sample indices of optimiser steps start … stop − 1, (stop − start, batch) int32."""
        return np.stack([self._row(step) for step in range(start, stop)])

    def _row(self, step: int) -> NDArray[np.int32]:
        epoch, i = divmod(step, self.per_epoch)
        if epoch != self._epoch:
            drawn = generator(f"batches/{epoch}", *self._names).permutation(self._samples)
            self._epoch, self._permutation = epoch, drawn.astype(np.int32)
        return self._permutation[i * self._batch : (i + 1) * self._batch]
