"""Figure 4: RHEL's gradient against BPTT's, per parameter and block, on one real sample, in float64."""

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from rhelbench.config import expand
from rhelbench.parameters import initial_parameters
from rhelbench.spec import Nudge, RunSpec
from rhelbench.studies import stacks
from rhelbench.tasks import card, splits, store

TASK, SEED = "SelfRegulationSCP1", 2345
MODELS = ("linear", "nonlinear")
#: Algorithm: its relative nudges ρ. The pair has two, since only truncation, O(ρ²), limits it.
NUDGES = {"rhel": (1e-4, 1e-6), "rhel_separate": (1e-5,), "rhel_released": (1e-5,)}
COLUMNS = ["framework", "model", "algorithm", "rho", "block", "parameter", "cosine", "norm_ratio", "error", "norm"]
Rows = Iterator[tuple[str, str, str, float, int, str, float, float, float, float]]


def compute(
    task: str = TASK, models: Sequence[str] = MODELS, frameworks: Sequence[str] = ("jax", "torch"), data_dir: str = "data"
) -> dict[str, pd.DataFrame]:
    """Compare each algorithm's gradient with BPTT's in the same framework, block by block.

    Protocol exact, the task's hyperparameters, initial values of seed 2345, the first training sample.
    ``rhel_released`` is the released rule on the same model.

    Args:
        task: the task.
        models: names of MODELS.
        frameworks: names of FRAMEWORKS.
        data_dir: folder of the prepared data.

    Returns:
        ``static_gradients``: framework, model, algorithm, rho, block (−1: encoder, decoder, input),
        parameter, cosine (NaN for a zero gradient), norm_ratio, error (relative L2), norm (of BPTT's).

    Source:
        Paper, figure 4.
    """
    names = {"name": "static", "protocol": "exact", "tasks": [task], "models": list(models), "algorithms": ["rhel"]}
    matrix = expand.parse(names | {"frameworks": ["jax"], "seeds": [SEED]}, "the study of static gradients")
    prepared = store.load(task, data_dir)
    rows = []
    for spec in expand.expand(matrix):
        part = splits.split(prepared, spec.switches.split, SEED)
        x, y = splits.arrays(prepared, part, "train", spec.hyper.time_channel)
        for framework in frameworks:
            rows += against_bptt(spec, framework, x[:1], y[:1])
    return {"static_gradients": pd.DataFrame(rows, columns=COLUMNS)}


def against_bptt(spec: RunSpec, framework: str, x: np.ndarray, y: np.ndarray) -> Rows:
    """Compare every algorithm of NUDGES with BPTT on one batch, in float64.

    Args:
        spec: a run of the model; its algorithm, nudge and precision are replaced.
        framework: a name of FRAMEWORKS.
        x: inputs (n, L, d), the time channel included.
        y: labels (n,).

    Yields:
        Rows of ``static_gradients``.
    """
    shape = card.load(spec.task).shape(spec.hyper.time_channel)
    parameters = initial_parameters(spec.model_copy(update={"dtype": "float64"}), shape)

    def gradients(algorithm: str, rho: float) -> dict[str, np.ndarray]:
        learner = stacks.learner(spec, shape, framework, algorithm, Nudge(mode="relative", size=rho), "float64")
        return stacks.gradients(learner, parameters, x, y, "float64")

    truth = gradients("bptt", 1.0)
    for algorithm, rho in [(name, rho) for name, rhos in NUDGES.items() for rho in rhos]:
        found = gradients(algorithm, rho)
        for path, wanted in truth.items():
            head, *rest = path.split(".")
            block, name = (int(rest[0]), ".".join(rest[1:])) if head == "blocks" else (-1, path)
            cosine, ratio = compare(found[path], wanted)
            size = float(np.linalg.norm(wanted))
            error = float(np.linalg.norm(found[path] - wanted)) / size
            yield framework, spec.model, algorithm, rho, block, name, cosine, ratio, error, size


def compare(one: np.ndarray, other: np.ndarray) -> tuple[float, float]:
    """Return cosine and norm ratio of ``one`` against ``other``; NaN for a zero norm.

    Example:
        >>> compare(np.array([3.0, 4.0]), np.array([3.0, 4.0]))
        (1.0, 1.0)
    """
    sizes = np.linalg.norm(one), np.linalg.norm(other)
    with np.errstate(invalid="ignore", divide="ignore"):
        return float(np.sum(one * other) / (sizes[0] * sizes[1])), float(sizes[0] / sizes[1])
