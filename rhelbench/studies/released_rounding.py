"""float32 rounding error of the linear model's gradient on real data, under the released and exact rules."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from rhelbench.config import expand
from rhelbench.config.protocols import read_protocol, resolve_switches
from rhelbench.contract import Arrays, TaskShape
from rhelbench.parameters import initial_parameters
from rhelbench.spec import Nudge, RunSpec
from rhelbench.studies import stacks
from rhelbench.training import setup

TASK, SEED = "Heartbeat", 2345
#: Batches per median: one batch's error is one sample of rounding, which also changes with the number of threads.
BATCHES = 5
#: Rule: the protocol whose nudge it uses, ε = 0.1 for two echoes, ρ of `exact` for the pair.
RULES = {"bptt": "released", "rhel_released": "released", "rhel": "exact"}
KERNELS = ("portable", "fused")
COLUMNS = ["framework", "kernel", "rule", "block", "parameter", "error", "norm"]


def compute(task: str = TASK, frameworks: Sequence[str] = ("jax", "torch"), data_dir: str = "data") -> dict[str, pd.DataFrame]:
    """Measure the rounding error of each rule's gradient, block by block.

    error = ‖g32 − g64‖/‖g64‖ of one rule's own gradient, so a rule's bias does not enter. g64 uses the portable
    kernel. Medians over the first BATCHES batches of the training part, at the initial values of seed 2345,
    otherwise as in ``released``.

    Args:
        task: the task.
        frameworks: names of FRAMEWORKS.
        data_dir: folder of the prepared data.

    Returns:
        ``released_rounding``: framework, kernel, rule, block, parameter, error, norm (‖g64‖).

    Source:
        docs/deviations.md, rows 2 and 8.
    """
    names = {"name": "static", "protocol": "released", "tasks": [task], "models": ["linear"], "algorithms": ["rhel"]}
    (spec,) = expand.expand(expand.parse(names | {"frameworks": ["jax"], "seeds": [SEED]}, "the study of rounding"))
    problem = setup.load(spec, Path(data_dir))
    x, y = problem.parts["train"]
    batches = [slice(i * spec.hyper.batch, (i + 1) * spec.hyper.batch) for i in range(BATCHES)]
    rows = [row for name in frameworks for at in batches for row in errors(spec, problem.shape, name, x[at], y[at])]
    table = pd.DataFrame(rows, columns=COLUMNS)
    return {"released_rounding": table.groupby(COLUMNS[:5], sort=False).median().reset_index()}


def errors(
    spec: RunSpec, shape: TaskShape, framework: str, x: np.ndarray, y: np.ndarray
) -> Iterator[tuple[str, str, str, int, str, float, float]]:
    """Compare float32 with float64 for every rule and kernel.

    Args:
        spec: a run of the linear model; its rule, nudge, kernel and precision are replaced.
        shape: sizes of the task.
        framework: a name of FRAMEWORKS.
        x: inputs (n, L, d).
        y: labels (n,).

    Yields:
        Rows of ``released_rounding``, one per rule, kernel, block and parameter.
    """
    parameters = initial_parameters(spec, shape)  # in float32: both precisions start from equal values

    def gradients(rule: str, kernel: str, dtype: str) -> Arrays:
        nudge = Nudge.model_validate(resolve_switches(read_protocol(RULES[rule]), shape.length, "rhel", spec.model)["nudge"])
        learner = stacks.learner(spec, shape, framework, rule, nudge, dtype, kernel)
        return stacks.gradients(learner, parameters, x.astype(dtype), y, dtype)

    for rule in RULES:
        truth = gradients(rule, "portable", "float64")
        for kernel in KERNELS:
            found = gradients(rule, kernel, "float32")
            for path, wanted in truth.items():
                head, *rest = path.split(".")
                if head == "blocks" and rest[1] == "hru":
                    size = float(np.linalg.norm(wanted))
                    error = float(np.linalg.norm(found[path] - wanted)) / size
                    yield framework, kernel, rule, int(rest[0]), rest[-1], error, size
