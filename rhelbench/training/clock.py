"""Where a run's wall time goes, added up across its resumptions."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Clock:
    """Seconds by activity; what a framework spends on compiling is taken out of the activity and counted apart.

    Args:
        compile_s: seconds this process has spent compiling so far (``Learner.facts``).
        seconds: what earlier processes of the same run used, or nothing.
    """

    def __init__(self, compile_s: Callable[[], float], seconds: dict[str, float] | None = None) -> None:
        self._compile_s = compile_s
        self.seconds = {"compile": 0.0, "train": 0.0, "evaluate": 0.0, "data": 0.0, "checkpoint": 0.0, **(seconds or {})}

    @contextmanager
    def measure(self, activity: str) -> Iterator[None]:
        """Add the block's wall time to an activity, without its compilation."""
        compiled, begin = self._compile_s(), time.perf_counter()
        yield
        compiling = self._compile_s() - compiled
        self.seconds["compile"] += compiling
        self.seconds[activity] += time.perf_counter() - begin - compiling

    @property
    def total(self) -> float:
        """All seconds; the time limit counts these."""
        return sum(self.seconds.values())
