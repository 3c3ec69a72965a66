"""The training loop: chunks between evaluations, the published stopping rule, checkpoints at evaluations."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np

from rhelbench.contract import Learner, TaskShape
from rhelbench.oracle import checks
from rhelbench.parameters import initial_parameters
from rhelbench.registry import ALGORITHMS, MODELS
from rhelbench.seeds import seed
from rhelbench.spec import RunSpec
from rhelbench.training import state
from rhelbench.training.batches import Batches
from rhelbench.training.checkpoint import Checkpoints
from rhelbench.training.clock import Clock
from rhelbench.training.linearity import Linearity
from rhelbench.training.metrics import Metric, Part, evaluate
from rhelbench.training.setup import Problem
from rhelbench.training.state import Run
from rhelbench.training.stopping import Stopping

Status = Literal["done", "early-stopped", "time-limit", "diverged"]
#: Largest distance of an echo's end from its origin, relative to the largest state; beyond it RHEL's gradient is meaningless.
ECHO_LOST = 1e-2


class Watch(Protocol):
    """Observer of a training run; it must not change a result."""

    def evaluated(self, run: Run) -> None:
        """Called at the start or resumption and after every evaluation; stores and shows the history."""
        ...

    def stepped(self, run: Run) -> bool:
        """Called after every chunk; returns False after a signal requested the end."""
        ...


@dataclass(frozen=True)
class Outcome:
    """End of a run.

    Args:
        status: how it ended.
        metric: test metric of the kept parameters; None without an evaluation.
        run: its final state.
    """

    status: Status
    metric: Metric | None
    run: Run


#: Builds the learner of a specification.
Maker = Callable[[RunSpec, TaskShape], Learner]


def train(
    spec: RunSpec, learner: Learner, problem: Problem, checkpoints: Checkpoints, watch: Watch, make: Maker | None = None
) -> Outcome | None:
    """Train one run to its end, from its latest checkpoint or from the start.

    The reported metric is the test metric at the last optimiser step whose validation metric is at least as
    good as any before. It is computed once, from the parameters of that optimiser step.

    Args:
        spec: the run.
        learner: new, from ``make_learner``.
        problem: the three parts of the data.
        checkpoints: to resume from and to save to.
        watch: observer of the run.
        make: builds further learners, which check the size of the nudge at evaluations; None: no check.

    Returns:
        The outcome, or None if the watcher interrupted the run; its state is saved and the next call resumes.

    Source:
        Paper, appendix (training protocol).
    """
    run = _begin(spec, learner, problem, checkpoints)
    with run.clock.measure("data"):
        parts = {name: Part(learner.put(x), y) for name, (x, y) in problem.parts.items()}
        x, y = parts["train"].x, learner.put(parts["train"].y)
    batches = Batches(spec, len(parts["train"].y))
    linearity = Linearity(spec, problem.shape, make) if make else None
    steps = spec.budget.steps if MODELS[spec.model].trained else 1
    watch.evaluated(run)
    while (status := _ended(spec, run, steps)) is None:
        evaluation = min((run.step // spec.budget.eval_every + 1) * spec.budget.eval_every, steps)
        stop = min(run.step + spec.budget.chunk_steps, evaluation)
        with run.clock.measure("train"):
            losses = learner.train_chunk(x, y, batches.plan(run.step, stop))
        if not np.isfinite(losses).all():
            run.step += int(np.argmin(np.isfinite(losses))) + 1
            status = "diverged"
            break
        run.step, run.losses = stop, [*run.losses, *map(float, losses)]
        late = not run.history and run.clock.total > spec.budget.time_limit_s
        if stop == evaluation or late:
            _evaluate(spec, learner, parts, run)
            if linearity is not None:
                with run.clock.measure("evaluate"):
                    linearity.check(learner, x[: spec.hyper.batch], y[: spec.hyper.batch], run)
            state.save(run, learner, checkpoints)
            watch.evaluated(run)
        if not watch.stepped(run):
            if run.losses:  # otherwise this state has just been saved
                state.save(run, learner, checkpoints)
            return None
    metric = None
    if run.kept:
        learner.restore(run.kept)
        with run.clock.measure("evaluate"):
            metric = evaluate(learner, parts["test"])
    return Outcome(status, metric, run)


def _begin(spec: RunSpec, learner: Learner, problem: Problem, checkpoints: Checkpoints) -> Run:
    higher, keep = problem.shape.kind == "classification", spec.switches.last_tie == "kept"
    rule = Stopping(spec.budget.patience, higher, keep_last_tie=keep)
    run = Run(rule, Clock(lambda: learner.facts()["compile_s"]))
    resumed = state.load(run, learner, checkpoints)
    if resumed is None:
        parameters = initial_parameters(spec, problem.shape) if MODELS[spec.model].trained else {}
        checks.check_initial(spec, parameters)
        learner.init(parameters, seed(f"dropout/{spec.variant.dropout_stream}", spec.task, spec.seed, spec.seed))
    return resumed or run


def _ended(spec: RunSpec, run: Run, steps: int) -> Status | None:
    if run.diverged:
        return "diverged"
    if run.step >= steps:
        return "done"
    if run.stopping.exhausted:
        return "early-stopped"
    return "time-limit" if run.history and run.clock.total > spec.budget.time_limit_s else None


def _evaluate(spec: RunSpec, learner: Learner, parts: dict[str, Part], run: Run) -> None:
    """Evaluate training and validation parts and the echo's fidelity; keep the state if it is a best one."""
    with run.clock.measure("evaluate"):
        train, val = (evaluate(learner, parts[name]).value for name in ("train", "val"))
        few = parts["train"].x[: spec.hyper.batch]  # always the same samples, so fidelity is comparable along a history
        fidelity = float(learner.fidelity(few)) if ALGORITHMS[spec.switches.algorithm].retraces else None
        now = {name: np.array(array) for name, array in learner.state().items()}
        if run.stopping.update(run.step, val):
            run.kept = now
    if fidelity is not None and not fidelity <= ECHO_LOST:
        run.flag("echo-lost", f"At step {run.step} the echo ended {fidelity:.1e} of its path's size away from its origin.")
    parameters = {name.removeprefix("parameters."): array for name, array in now.items() if name.startswith("parameters.")}
    for unit, what in checks.unstable_units(spec, parameters).items():
        run.flag("unstable-step", f"At step {run.step} {unit} had left the leapfrog's stable range: {what}.")
    loss = float(np.mean(run.losses)) if run.losses else float("nan")
    run.history.append({"step": run.step, "loss": loss, "train": train, "val": val, "fidelity": fidelity})
    run.losses = []
