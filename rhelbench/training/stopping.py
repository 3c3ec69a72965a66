"""The published rule for keeping parameters and for stopping."""

import math
from dataclasses import dataclass


@dataclass
class Stopping:
    """Keep parameters at a validation value at least as good as the best; stop without strict improvement.

    Args:
        patience: consecutive evaluations without strict improvement that are allowed.
        higher_is_better: True for an accuracy, False for an error.
        best: the best validation value so far.
        best_step: the last optimiser step at which it was reached.
        waited: evaluations since the last strict improvement.
        keep_last_tie: whether a value equal to the best counts at the evaluation that ends the run.

    Source:
        Paper, appendix (training protocol): up to 100,000 optimiser steps, evaluation every 1,000, patience
        10. The released code counts first and ends before it evaluates the test part: no last tie.

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
        """Record an evaluation; return whether to keep the parameters of this optimiser step.

        Args:
            step: optimiser steps so far.
            value: the validation metric; a value that is not finite is never kept.
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
        """Whether more than ``patience`` consecutive evaluations had no strict improvement."""
        return self.waited > self.patience
