"""When to keep the parameters and when to stop: the published rule."""

import math
from dataclasses import dataclass


@dataclass
class Stopping:
    """Keep at every validation value at least as good as the best; stop after too many without a strict improvement.

    Args:
        patience: evaluations in a row without a strict improvement that are still allowed.
        higher_is_better: True for an accuracy, False for an error.
        best: the best validation value so far.
        best_step: the last step at which it was reached.
        waited: evaluations since the last strict improvement.
        keep_last_tie: whether a value that equals the best is kept by the very evaluation that ends the run.

    Source:
        Paper, appendix (training protocol): up to 100,000 steps, evaluation every 1,000, patience 10. The released code counts
        first and ends before it looks at the test part: no last tie.

    Example:
        >>> rule = Stopping(patience=1, higher_is_better=True)
        >>> [rule.update(step, value) for step, value in enumerate([0.5, 0.5, 0.4])], rule.best_step, rule.exhausted
        ([True, True, False], 1, True)
        >>> rule = Stopping(patience=1, higher_is_better=True, keep_last_tie=False)
        >>> [rule.update(step, value) for step, value in enumerate([0.5, 0.5, 0.5])], rule.best_step, rule.exhausted
        ([True, True, False], 1, True)
    """

    patience: int
    higher_is_better: bool
    best: float | None = None
    best_step: int | None = None
    waited: int = 0
    keep_last_tie: bool = True

    def update(self, step: int, value: float) -> bool:
        """Take note of an evaluation; return whether the parameters of this step are to be kept.

        Args:
            step: optimiser steps so far.
            value: the validation metric; one that is not finite is no improvement and never kept.
        """
        sign = 1 if self.higher_is_better else -1
        strictly = math.isfinite(value) and (self.best is None or sign * value > sign * self.best)
        self.waited = 0 if strictly else self.waited + 1
        keep = strictly or (value == self.best and (self.keep_last_tie or not self.exhausted))
        if keep:
            self.best, self.best_step = value, step
        return keep

    @property
    def exhausted(self) -> bool:
        """Whether more than ``patience`` evaluations in a row brought no strict improvement."""
        return self.waited > self.patience
