"""A run's state between two chunks, and its conversion to and from a checkpoint."""

from dataclasses import asdict, dataclass, field

import numpy as np

from rhelbench.contract import Arrays, Learner
from rhelbench.training.checkpoint import Checkpoints
from rhelbench.training.clock import Clock
from rhelbench.training.stopping import Stopping

Row = dict[str, float | None]


@dataclass
class Run:
    """Everything in a checkpoint except the learner's own state.

    Args:
        stopping: state of the stopping rule.
        clock: seconds used so far, over all resumptions.
        step: optimiser steps taken.
        losses: losses since the last evaluation.
        history: one row per evaluation: step, loss (mean since the last), train, val, fidelity (None unless
            the algorithm retraces).
        kept: the learner's state at ``stopping.best_step``; empty before the first evaluation.
        resumptions: number of resumptions.
        flags: reasons for doubt in the result, each once. ``echo-lost``; ``nudge-large`` (the gradient depends
            on the nudge's size); ``unstable-step`` (a leapfrog left its stable range).
        troubles: sentences about problems that did not stop the run.
    """

    stopping: Stopping
    clock: Clock
    step: int = 0
    losses: list[float] = field(default_factory=list)
    history: list[Row] = field(default_factory=list)
    kept: Arrays = field(default_factory=dict)
    resumptions: int = 0
    flags: list[str] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)

    @property
    def diverged(self) -> bool:
        """Whether the last evaluation was not finite."""
        last = self.history[-1]["val"] if self.history else 0.0
        return last is None or not np.isfinite(last)

    def flag(self, name: str, sentence: str) -> None:
        """Set a flag; the first time, record the sentence as well."""
        if name not in self.flags:
            self.flags.append(name)
            self.troubles.append(sentence)


_PLAIN = ("step", "losses", "history", "resumptions", "flags", "troubles")


def save(run: Run, learner: Learner, checkpoints: Checkpoints) -> None:
    """Write a checkpoint; on an OSError the run goes on with its former checkpoint and records the problem."""
    facts = {name: getattr(run, name) for name in _PLAIN}
    arrays = {f"now/{name}": array for name, array in learner.state().items()}
    arrays |= {f"kept/{name}": array for name, array in run.kept.items()}
    try:
        with run.clock.measure("checkpoint"):
            checkpoints.save({**facts, "stopping": asdict(run.stopping), "seconds": run.clock.seconds}, arrays)
    except OSError as error:
        run.troubles.append(f"The checkpoint of step {run.step} could not be written: {error}.")


def load(fresh: Run, learner: Learner, checkpoints: Checkpoints) -> Run | None:
    """Restore learner and run from the latest checkpoint, or return None and leave both unchanged.

    Args:
        fresh: a run at its start, for values that are not in a checkpoint.
        learner: is restored.
        checkpoints: the run's checkpoints.
    """
    loaded = checkpoints.load()
    if loaded is None:
        return None
    facts, arrays = loaded
    part = lambda prefix: {name.removeprefix(prefix): a for name, a in arrays.items() if name.startswith(prefix)}  # noqa: E731
    learner.restore(part("now/"))
    fresh.clock.seconds.update(facts["seconds"])
    plain = {name: facts[name] for name in _PLAIN} | {"resumptions": facts["resumptions"] + 1}
    return Run(Stopping(**facts["stopping"]), fresh.clock, kept=part("kept/"), **plain)
