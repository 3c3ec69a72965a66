"""What a run shows while it trains: one line that renews itself on a terminal, a short line now and then elsewhere."""

import shutil
import sys
import time
from contextlib import suppress
from datetime import timedelta
from typing import TextIO

from rhelbench.spec import RunSpec
from rhelbench.training.state import Run

#: Seconds between two lines: on a terminal, and elsewhere (a log).
OFTEN, SELDOM = 0.2, 10.0


class Display:
    """Show step, loss, validation, best, steps/s and the time that is left at most.

    A stream that refuses what it is given is no reason to fail a run: a cluster that ends a job ends the reader of its log too.

    Args:
        spec: the run.
        stream: where to, by default today's standard error; its ``isatty`` decides how.
    """

    def __init__(self, spec: RunSpec, stream: TextIO | None = None) -> None:
        self._spec, self._stream = spec, stream or sys.stderr
        self._terminal = self._stream.isatty()
        self._last = -SELDOM
        self._begin: tuple[int, float] | None = None

    def update(self, run: Run, evaluated: bool) -> None:
        """Show the run's state, unless it has just been shown; a log gets lines at evaluations only."""
        now = time.monotonic()
        if self._begin is None:  # the first chunk compiles: the pace is counted from its end
            self._begin = (run.step, now)
        if now - self._last < (OFTEN if self._terminal else SELDOM) or not (self._terminal or evaluated):
            return
        self._last = now
        self._write(self.line(run, now))

    def close(self, sentence: str) -> None:
        """Show the run's end, always."""
        self._print("\r\x1b[K" * self._terminal + f"{self._spec.run_id}: {sentence}\n")

    def line(self, run: Run, now: float) -> str:
        """Return the line for a moment of a run."""
        steps, last = self._spec.budget.steps, run.history[-1] if run.history else {}
        loss = run.losses[-1] if run.losses else last.get("loss")
        begin, since = self._begin or (run.step, now)
        pace = (run.step - begin) / (now - since) if now > since else 0.0
        left = str(timedelta(seconds=round((steps - run.step) / pace))) if pace else ""
        numbers = " ".join(
            f"{name} {'-' if value is None else format(value, '.4g')}"
            for name, value in (("loss", loss), ("val", last.get("val")), ("best", run.stopping.best))
        )
        name = "" if self._terminal else f"{self._spec.run_id}: "
        speed = f" {pace:.1f} steps/s, at most {left} left" if pace else ""
        return f"{name}step {run.step}/{steps} {numbers}{speed}"

    def _write(self, line: str) -> None:
        if self._terminal:
            width = shutil.get_terminal_size().columns - 1  # a wrapped line can't be renewed
            self._print(f"\r\x1b[K{line[:width]}")
        else:
            self._print(line + "\n")

    def _print(self, text: str) -> None:
        with suppress(OSError):
            self._stream.write(text)
            self._stream.flush()
