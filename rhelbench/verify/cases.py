"""The small problems on which a framework is compared with the oracle."""

from dataclasses import dataclass
from itertools import product

import numpy as np

from rhelbench import settings, switches
from rhelbench.contract import Arrays, TaskShape
from rhelbench.parameters import initial
from rhelbench.registry import FUSED, MODELS
from rhelbench.seeds import generator
from rhelbench.spec import RunSpec


@dataclass(frozen=True)
class Case:
    """One problem: a spec, the task's sizes, parameters, data (n, L, d) and labels or targets."""

    spec: RunSpec
    shape: TaskShape
    parameters: Arrays
    x: np.ndarray
    y: np.ndarray

    @property
    def name(self) -> str:
        """Model, algorithm, kind of settings and of task, and the kernel unless it is the portable one."""
        kernel = "" if self.spec.kernel == "portable" else f"/{self.spec.kernel}"
        return f"{self.spec.model}/{self.spec.switches.algorithm}/{self.spec.protocol}/{self.shape.kind}{kernel}"


def case(framework: str, model: str, algorithm: str, kind: str, task_kind: str, kernel: str = "portable") -> Case:
    """Build one problem in float64: 2 blocks, H 6, P 5, 8 samples of 12 steps and 3 channels; data from a named seed.

    Args:
        framework: a key of ``registry.FRAMEWORKS``.
        model: a trained model.
        algorithm: a file of ``algorithms/``.
        kind: the protocol whose switches (docs/deviations.md) are taken: nudge, integrator, squashes of c, loss, norm.
        task_kind: classification or regression.
        kernel: portable or fused.
    """
    shape = TaskShape(channels=3, length=12, outputs=2, kind=task_kind, output_step=4)  # pyright: ignore[reportArgumentType]
    rule = "bptt" if algorithm == "bptt" else "rhel"
    chosen = switches.of(switches.read_protocol(kind), shape.length, rule, model) | {
        "algorithm": algorithm,
        "delta_init": 0.1,  # whatever the protocol starts at: the recurrent path must carry signal
    }
    spec = RunSpec.model_validate(
        {
            "task": "verify",
            "model": model,
            "algorithm": rule,
            "framework": framework,
            "protocol": kind,
            "seed": 2345,
            "hyper": {"lr": 1e-2, "blocks": 2, "hidden": 6, "state": 5, "batch": 4, "dropout": 0.0, "time_channel": False},
            "budget": {"steps": 50, "eval_every": 10, "patience": 10, "time_limit_s": 60.0, "chunk_steps": 10},
            "switches": chosen,
            "dtype": "float64",
            "kernel": kernel,
        }
    )
    rng = generator("verify/data", "verify", 0, 0)
    x = rng.standard_normal((8, shape.length, shape.channels))
    labels = np.arange(8) % shape.outputs
    targets = rng.uniform(-1, 1, (8, shape.length // shape.output_step, shape.outputs))
    return Case(spec, shape, initial(spec, shape), x, labels if task_kind == "classification" else targets)


#: Algorithm and protocol of the cases: every algorithm, and BPTT under both protocols, whose norm and loss concern it too.
PAIRS = (("bptt", "exact"), ("bptt", "released"), ("rhel", "exact"), ("rhel_separate", "exact"), ("rhel_released", "released"))


def cases(framework: str) -> list[Case]:
    """Return every trained model with each of PAIRS for classification, a regression per model, each fused kernel in use once."""
    trained = [name for name, model in MODELS.items() if model.trained]
    rows = [
        case(framework, model, algorithm, kind, "classification")
        for model, (algorithm, kind) in product(trained, PAIRS)
        if MODELS[model].hamiltonian is not None or (algorithm, kind) == PAIRS[0]
    ]
    rows += [case(framework, model, "rhel", "exact", "regression") for model in trained if MODELS[model].hamiltonian]
    if settings.kernel(settings.hyperparameters()["common"]["kernel"], framework) == "fused":
        units = {MODELS[model].hamiltonian: model for model in trained if MODELS[model].hamiltonian}
        kinds = dict(reversed(PAIRS))  # one case for a kernel: it knows no settings of the model around it
        rows += [
            case(framework, model, name, kinds[name], "classification", "fused") for model in units.values() for name in FUSED
        ]
    return rows
