"""Progress of a run: one line that is redrawn on a terminal, occasional lines elsewhere."""

import shutil
import sys
import time
from contextlib import suppress
from datetime import timedelta
from typing import TextIO

from rhelbench.spec import RunSpec
from rhelbench.training.state import Run

#: Seconds between two lines: on a terminal, and in a log.
OFTEN, SELDOM = 0.2, 10.0


class Display:
    """Show optimiser step, loss, validation, best value, steps/s and an upper bound of the remaining time.

    Errors of the stream are ignored: a cluster that ends a job also closes its log.

    Args:
        spec: the run.
        stream: output, by default the current standard error; ``isatty`` selects the format.
    """

    def __init__(self, spec: RunSpec, stream: TextIO | None = None) -> None:
        self._spec, self._stream = spec, stream or sys.stderr
        self._terminal = self._stream.isatty()
        self._last = -SELDOM
        self._begin: tuple[int, float] | None = None

    def update(self, run: Run, evaluated: bool) -> None:
        """Show the run's state, at most every OFTEN or SELDOM seconds; a log has lines at evaluations only."""
        now = time.monotonic()
        if self._begin is None:  # the first chunk includes compilation, so the pace starts at its end
            self._begin = (run.step, now)
        if now - self._last < (OFTEN if self._terminal else SELDOM) or not (self._terminal or evaluated):
            return
        self._last = now
        self._write(self.line(run, now))

    def close(self, sentence: str) -> None:
        """Show the run's end."""
        self._print("\r\x1b[K" * self._terminal + f"{self._spec.run_id}: {sentence}\n")

    def line(self, run: Run, now: float) -> str:
        """Return the progress line of a run at time ``now``."""
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
