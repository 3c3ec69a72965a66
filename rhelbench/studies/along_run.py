"""Gradient quality along a float32 training run, by algorithm, precision and nudge."""

import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from rhelbench.config import expand
from rhelbench.contract import Arrays
from rhelbench.spec import Nudge, RunSpec
from rhelbench.studies import stacks
from rhelbench.studies.echo_lost import RHOS
from rhelbench.studies.static_gradients import compare
from rhelbench.training import setup
from rhelbench.training.checkpoint import Checkpoints
from rhelbench.training.setup import Problem
from rhelbench.training.state import Run
from rhelbench.training.trainer import train

TASK, MODEL, FRAMEWORK, SEEDS = "order-10000", "nonlinear", "torch", (1, 2)
#: Optimiser steps between two comparisons.
EVERY = 10
#: Algorithm, precision and ρ of each gradient; the first is the reference, at the same parameters.
GRADIENTS = (
    ("bptt", "float64", 0.0),
    ("bptt", "float32", 0.0),
    *(("rhel", dtype, rho) for dtype in ("float32", "float64") for rho in RHOS),
)
COLUMNS = ["seed", "path", "step", "fidelity", "norm", "algorithm", "dtype", "rho", "part", "cosine", "norm_ratio", "error"]
Row = tuple[int, str, int, float, float, str, str, float, str, float, float, float]


def compute(
    task: str = TASK, model: str = MODEL, seeds: tuple[int, ...] = SEEDS, every: int = EVERY, data_dir: str = "data"
) -> dict[str, pd.DataFrame]:
    """Train in float32 under ``exact`` and compare gradients at the parameters along the run.

    All gradients are taken on the first batch of the training part, without dropout.

    Args:
        task: the task.
        model: the model.
        seeds: seeds of the runs.
        every: optimiser steps between two comparisons; a multiple of the run's chunk.
        data_dir: folder of the prepared data.

    Returns:
        ``along_run``, one row per run, comparison, gradient and part. ``path``: algorithm of the run.
        ``step``: optimiser steps. ``fidelity``: ‖Φe_end‖/max‖Φ‖ of a float32 echo. ``norm``: of BPTT's
        float64 gradient, the reference. ``algorithm``, ``dtype``, ``rho``: of the gradient compared (ρ = 0:
        no nudge). ``part``: all parameters, or those of the units. ``cosine``, ``norm_ratio``, ``error``
        (relative L2): against the reference.
    """
    names = {"name": "along", "protocol": "exact", "tasks": [task], "models": [model], "algorithms": ["bptt", "rhel"]}
    matrix = expand.parse(names | {"frameworks": [FRAMEWORK], "seeds": list(seeds)}, "the study along a run")
    rows: list[Row] = []
    for spec in expand.expand(matrix):
        rows += follow(spec, setup.load(spec, Path(data_dir)), every)
    return {"along_run": pd.DataFrame(rows, columns=COLUMNS)}


def follow(spec: RunSpec, problem: Problem, every: int) -> list[Row]:
    """Train one run and compare gradients at its start and after every ``every`` optimiser steps.

    Args:
        spec: the run.
        problem: its data.
        every: optimiser steps between two comparisons; a multiple of the run's chunk.

    Returns:
        Rows of ``along_run``.
    """
    look = _Look(spec, problem, every)
    with tempfile.TemporaryDirectory() as folder:
        train(spec, look.learner, problem, Checkpoints(Path(folder), spec.run_id), look)
    return look.rows


class _Look:
    """Observer of a training run (``rhelbench.training.trainer.Watch``); it reads parameters and changes nothing."""

    def __init__(self, spec: RunSpec, problem: Problem, every: int) -> None:
        self.spec, self.learner, self.rows, self._every = spec, setup.make_learner(spec, problem.shape), list[Row](), every
        self._x, self._y = (array[: spec.hyper.batch] for array in problem.parts["train"])
        self._others = [
            stacks.learner(spec, problem.shape, spec.framework, name, Nudge(mode="relative", size=rho or 1.0), dtype, spec.kernel)
            for name, dtype, rho in GRADIENTS
        ]

    def evaluated(self, run: Run) -> None:
        if not run.history:
            self._compare(run.step)

    def stepped(self, run: Run) -> bool:
        if run.step % self._every == 0:
            self._compare(run.step)
        return True

    def _compare(self, step: int) -> None:
        state = self.learner.state()
        parameters = {name.removeprefix("parameters."): a for name, a in state.items() if name.startswith("parameters.")}
        fidelity = self.learner.fidelity(self.learner.put(self._x))
        truth, *found = (
            _parts(stacks.gradients(other, parameters, self._x.astype(dtype), self._y, dtype))
            for other, (_, dtype, _) in zip(self._others, GRADIENTS, strict=True)
        )
        for gradient, names in zip(found, GRADIENTS[1:], strict=True):
            for part, wanted in truth.items():
                norm = float(np.linalg.norm(wanted))
                error = float(np.linalg.norm(gradient[part] - wanted)) / norm
                place = self.spec.seed, self.spec.algorithm, step, fidelity, norm
                self.rows.append((*place, *names, part, *compare(gradient[part], wanted), error))


def _parts(gradient: Arrays) -> dict[str, np.ndarray]:
    """Return the gradient as one vector: of all parameters, and of the units' parameters only."""
    own = {path: value.ravel() for path, value in gradient.items() if path != "input"}
    return {"all": np.concatenate([*own.values()]), "units": np.concatenate([v for path, v in own.items() if ".hru." in path])}
