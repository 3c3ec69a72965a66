"""Whole models for the studies: learners of any framework, algorithm and precision, and a small random stack."""

from importlib import import_module

import numpy as np

from rhelbench.config.protocols import read_protocol, resolve_switches
from rhelbench.contract import Arrays, Learner, TaskShape
from rhelbench.parameters import initial_parameters
from rhelbench.registry import FRAMEWORKS
from rhelbench.seeds import generator
from rhelbench.spec import Budget, Hyperparameters, Nudge, RunSpec, Switches

SAMPLES, CHANNELS, WIDTH = 4, 6, 16


def learner(
    spec: RunSpec, shape: TaskShape, framework: str, algorithm: str, nudge: Nudge, dtype: str, kernel: str = "portable"
) -> Learner:
    """Return a framework's learner of ``spec`` with another algorithm, nudge, precision and kernel.

    Args:
        spec: the run to change.
        shape: sizes of the task.
        framework: a name of FRAMEWORKS.
        algorithm: a key of ``registry.ALGORITHMS``.
        nudge: mode and size.
        dtype: "float32" or "float64".
        kernel: "portable" or "fused".

    Returns:
        The learner, not initialised.
    """
    built = spec.switches.model_copy(update={"algorithm": algorithm, "nudge": nudge})
    changes = {"framework": framework, "switches": built, "dtype": dtype, "kernel": kernel}
    return import_module(FRAMEWORKS[framework].learner).make_learner(spec.model_copy(update=changes), shape)


def draw(model: str, K: int, blocks: int, delta: float) -> tuple[RunSpec, TaskShape]:
    """Return specification and sizes of a small stack for random data, under protocol ``exact``.

    H = P = 16, no dropout, 6 input features, 2 classes.

    Args:
        model: the model.
        K: time steps.
        blocks: number of blocks.
        delta: step size δ.
    """
    chosen = Switches.model_validate(resolve_switches(read_protocol("exact"), K, "rhel", model) | {"delta_init": delta})
    hyper = Hyperparameters(lr=1e-4, blocks=blocks, hidden=WIDTH, state=WIDTH, batch=SAMPLES, dropout=0.0, time_channel=False)
    budget = Budget(steps=1, eval_every=1, patience=1, time_limit_s=1.0, chunk_steps=1)
    names = {"task": "drawn", "model": model, "algorithm": "rhel", "framework": "jax", "protocol": "measured", "seed": 0}
    spec = RunSpec.model_validate(names | {"hyper": hyper, "budget": budget, "switches": chosen, "dtype": "float64"})
    return spec, TaskShape(channels=CHANNELS, length=K, outputs=2, kind="classification")


def problem(spec: RunSpec, shape: TaskShape, delta: float, r: int) -> tuple[Arrays, np.ndarray, np.ndarray]:
    """Generate parameters, x (4, K, 6) ~ N(0, 1) and labels (4,), in float64 values exact in float32.

    The linear unit's δ = sigmoid(s) is U(δ/10, δ) per channel; the nonlinear unit's is δ.

    Args:
        spec: of the stack.
        shape: of the stack.
        delta: step size δ.
        r: index of the random problem.
    """
    parameters = initial_parameters(spec.model_copy(update={"seed": r}), shape)
    for path, value in parameters.items():
        if path.endswith(".hru.s"):
            step = generator(f"studies/{path}", "drawn", 0, r).uniform(delta / 10, delta, value.shape)
            parameters[path] = np.log(step / (1 - step))
    rng = generator("studies/data", "drawn", 0, r)
    x, y = rng.standard_normal((SAMPLES, shape.length, shape.channels)), rng.integers(0, shape.outputs, SAMPLES)
    return {path: _rounded(value) for path, value in parameters.items()}, _rounded(x), y


def _rounded(value: np.ndarray) -> np.ndarray:
    return np.asarray(value.astype(np.float32).astype(np.float64))


def gradients(learner: Learner, parameters: Arrays, x: np.ndarray, y: np.ndarray, dtype: str) -> Arrays:
    """Return the gradient by path, and of the input as ``"input"``, in float64.

    Args:
        learner: any learner; it is initialised.
        parameters: initial values by path.
        x: inputs (n, L, d).
        y: labels (n,).
        dtype: precision of the parameters.
    """
    learner.init({path: value.astype(dtype) for path, value in parameters.items()}, 0)
    _, found = learner.gradients(learner.put(x), learner.put(y))
    return {path: np.asarray(value, np.float64) for path, value in found.items()}
