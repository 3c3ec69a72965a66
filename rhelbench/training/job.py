"""A training job of one run: lock, data, learner, training, record."""

import math
import sys
import traceback
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from time import perf_counter
from typing import Any

from rhelbench import BENCHMARK_VERSION, lock
from rhelbench.config.protocols import is_trainable
from rhelbench.contract import Learner, TaskShape
from rhelbench.errors import UserError
from rhelbench.records import io, provenance, retrain
from rhelbench.registry import METRICS
from rhelbench.spec import RunSpec
from rhelbench.tasks import card
from rhelbench.training import setup
from rhelbench.training.checkpoint import Checkpoints
from rhelbench.training.display import Display
from rhelbench.training.signals import Signals
from rhelbench.training.state import Run
from rhelbench.training.trainer import Outcome, train
from rhelbench.wandb import process


class _Watch:
    """Observer of a run: stores the history, shows progress, handles signals."""

    def __init__(self, folder: Path, display: Display, signals: Signals) -> None:
        self._folder, self._display, self._signals = folder, display, signals

    def evaluated(self, run: Run) -> None:
        try:
            io.write_history(self._folder, run.history)
        except OSError as error:  # the checkpoint has it too, and the end of the run writes it again
            run.troubles.append(f"The history of step {run.step} could not be written: {error}.")
        if run.history:
            self._display.update(run, evaluated=True)

    def stepped(self, run: Run) -> bool:
        self._display.update(run, evaluated=False)
        return self._signals.received is None


#: Builds a run's learner.
Maker = Callable[[RunSpec, TaskShape], Learner]


def run(
    spec: RunSpec,
    data: Path,
    results: Path,
    scratch: Path,
    wait: bool = False,
    keep: bool = False,
    make: Maker | None = None,
    signals: Signals | None = None,
    packed: str | None = None,
    device: str | None = None,
) -> int:
    """Train a run to its end and write its record.

    A run with a record is retrained if it failed, or if data or code have changed (``records.retrain``). The
    old record stays until the new one is complete.

    Args:
        spec: the run.
        data: folder of prepared tasks.
        results: ``results/runs``; the run has a subfolder.
        scratch: folder of checkpoints and locks.
        wait: wait for a process that already trains this run, instead of an error.
        keep: keep the last checkpoint of a finished run, from which its record can be rebuilt at once.
        make: builds the learner; None: ``setup.make_learner``.
        signals: signals of a process that trains several runs.
        packed: how the run shares its process, for the record.
        device: ``cpu`` or ``cuda``: required device; None: any.

    Returns:
        0 for every regular end, failure included; 128 + the signal's number if interrupted.

    Raises:
        UserError: another process trains this run; data, framework or device are missing; the disk is full; or
            the run is of a version that this code does not compute.
    """
    if not is_trainable(spec.benchmark):
        raise UserError(
            f"{spec.run_id} is of version {spec.benchmark}, this is {BENCHMARK_VERSION}, whose results differ; "
            f"take the code of version {spec.benchmark} to train it."
        )
    provenance.loaded_code(spec.framework)  # before any waiting
    folder, corner = results / spec.run_id, scratch / spec.run_id
    try:
        if _ended(spec, folder, data) is None:
            setup.check(spec, data)  # before anything is written
            found = setup.require(spec.framework, device)
        else:
            found = ""
        with lock.exclusive(corner, wait, note=found), nullcontext(signals) if signals else Signals() as noted:
            retrain.finish(folder, corner)  # left by a process killed just before
            if status := _ended(spec, folder, data):
                print(f"{spec.run_id}: has its record ({status}); nothing to do.", file=sys.stderr)
                return 0
            place = retrain.begin(spec, folder, corner, data)
            _clean(spec, place, corner)
            with process.copying(place, corner):
                status = _attempt(spec, data, place, corner, noted, keep, make or setup.make_learner, packed)
            retrain.finish(folder, corner)
            return status
    except OSError as error:
        raise UserError(f"{spec.run_id}: {error}; free the disk or correct the path, then run it again: it resumes.") from error


def _ended(spec: RunSpec, folder: Path, data: Path) -> str | None:
    """Return the status of a run that need not be retrained, else None."""
    record = io.read(folder)
    return record["result"]["status"] if record and not retrain.reason(spec, record, data) else None


def _clean(spec: RunSpec, folder: Path, corner: Path) -> None:
    """Remove temporary files of a killed process or failed attempt, and write the specification."""
    for temporary in (*corner.glob(".*.tmp"), *folder.glob(".*.tmp")):
        temporary.unlink()
    io.write_spec(folder, spec)


def _attempt(
    spec: RunSpec, data: Path, folder: Path, corner: Path, signals: Signals, keep: bool, make: Maker, packed: str | None
) -> int:
    display, begin, started = Display(spec), perf_counter(), provenance.now()
    problem, learner, checkpoints = None, None, None
    try:
        problem = setup.load(spec, data)
        learner = make(spec, problem.shape)
        loading = perf_counter() - begin
        code = provenance.loaded_code(spec.framework)["code_digest"]
        identity = [spec.run_id, code, problem.digests["data"], problem.digests["split"]]
        checkpoints = Checkpoints(corner, " ".join(identity))
        outcome = train(spec, learner, problem, checkpoints, _Watch(folder, display, signals), make)
        if outcome is None:
            display.close(f"interrupted by signal {signals.received} and saved; the same command resumes it.")
            return 128 + (signals.received or 0)
        outcome.run.clock.seconds["data"] += loading
        io.write_history(folder, outcome.run.history)
        result, extra = _result(spec, problem, outcome), _times(outcome.run)
    except UserError:
        raise
    except Exception as error:
        problem_digests = problem.digests if problem else {}
        result = _ending(spec, "failed", problem_digests) | {"error": f"{type(error).__name__}: {error}"}
        extra = {"traceback": traceback.format_exc()}
    facts = _facts(learner)
    times = {"started": started, "ended": provenance.now(), "wall_s": perf_counter() - begin}
    io.write_record(folder, result, {**times, **provenance.describe(spec, facts, packed), **extra})
    if result["status"] != "failed" and checkpoints is not None and not keep:
        checkpoints.clear()
    display.close(_sentence(result))
    return 0


def _facts(learner: Learner | None) -> dict[str, Any]:
    """Return the learner's facts; empty if it is broken."""
    try:
        return learner.facts() if learner else {}
    except Exception:
        return {}


def _ending(spec: RunSpec, status: str, digests: dict[str, str]) -> dict[str, Any]:
    """Return the record's reproducible part for a run without results."""
    nothing = dict.fromkeys(("value", "correct", "total", "val", "best_step", "last_step"))
    name = METRICS[card.load(spec.task).kind]
    return {
        "run_id": spec.run_id, "spec": spec.model_dump(mode="json"), "status": status, "metric": name,
        **nothing, "flags": [], "digests": digests,
    }  # fmt: skip


def _result(spec: RunSpec, problem: setup.Problem, outcome: Outcome) -> dict[str, Any]:
    run, metric = outcome.run, outcome.metric
    kept = {name: array for name, array in run.kept.items() if name.startswith("parameters.")}
    digests = {"history": io.digest(io.format_history(run.history)), **problem.digests}
    found = {"best_step": run.stopping.best_step, "last_step": run.step, "val": run.stopping.best, "flags": run.flags}
    if metric is not None:
        found |= {
            "value": metric.value if math.isfinite(metric.value) else None,
            "correct": metric.correct,
            "total": metric.total,
        }
        digests["parameters"] = io.arrays_digest(kept)
    return _ending(spec, outcome.status, digests) | found


def _times(run: Run) -> dict[str, Any]:
    seconds = run.clock.seconds
    return {
        "seconds": seconds | {"total": run.clock.total},
        "steps_per_s": run.step / seconds["train"] if seconds["train"] else None,
        "resumptions": run.resumptions,
        "troubles": run.troubles,
    }


def _sentence(result: dict[str, Any]) -> str:
    if result["status"] == "failed":
        return f"failed ({result['error']}); the traceback is in its record, and the next invocation tries again."
    if result["value"] is None:
        return f"{result['status']} at step {result['last_step']}, before any evaluation."
    counts = f" ({result['correct']}/{result['total']})" if result["correct"] is not None else ""
    return f"{result['status']}, test {result['metric']} {result['value']:.4g}{counts}, kept at step {result['best_step']}."
