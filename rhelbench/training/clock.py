"""Wall time of a run by activity, summed over its resumptions."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Clock:
    """Seconds by activity; compilation is subtracted from the activity and counted separately.

    Args:
        compile_s: returns the seconds of compilation in this process so far (``Learner.facts``).
        seconds: seconds of earlier processes of the same run, if any.
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
        """Sum of all seconds, compared with the time limit."""
        return sum(self.seconds.values())
