"""Signals that request an orderly end of a run, handled between two chunks."""

import signal
from types import FrameType, TracebackType

#: Slurm sends SIGUSR1 or SIGTERM before it kills; a user presses Ctrl-C.
ASKING = (signal.SIGTERM, signal.SIGUSR1, signal.SIGINT)


class Signals:
    """Record a signal while the block runs; a second Ctrl-C ends the process at once."""

    received: int | None = None

    def __enter__(self) -> "Signals":
        """Install the handlers."""
        self._former = {number: signal.signal(number, self._note) for number in ASKING}
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Restore the former handlers."""
        for number, handler in self._former.items():
            signal.signal(number, handler)

    def _note(self, number: int, frame: FrameType | None) -> None:
        del frame
        self.received = number
        signal.signal(signal.SIGINT, signal.SIG_DFL)
