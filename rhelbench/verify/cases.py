"""The small problems on which a framework is compared with the oracle."""

from dataclasses import dataclass
from itertools import product

import numpy as np

from kernels.passes import KERNELS
from rhelbench.config import protocols
from rhelbench.contract import Arrays, TaskShape
from rhelbench.oracle.hamiltonians import HAMILTONIANS
from rhelbench.parameters import initial_parameters
from rhelbench.registry import ALGORITHMS, FRAMEWORKS, INTEGRATORS, MODELS
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
        """Model, integrator, algorithm, protocol, kind of task, and the kernel unless it is the portable one."""
        protocols, kernel = self.spec.switches, "" if self.spec.kernel == "portable" else f"/{self.spec.kernel}"
        names = (self.spec.model, protocols.integrator, protocols.algorithm, self.spec.protocol, self.shape.kind)
        return f"{'/'.join(names)}{kernel}"


#: Of a fused case: more steps, samples x channels and rows than any kernel takes at a time.
LONG, WIDE = 300, 150
#: Nudges of echoes that are subtracted, by protocol: rounding, 1e-16 in units of the nudge, stays below the levels' tolerances.
SUBTRACTED = {"exact": {"mode": "relative", "size": 1e-4}, "released": {"mode": "absolute", "size": 10.0}}
#: Shift of a linear unit's raw steps in a fused case: δ near 0.02, so that no integrator's states grow much over LONG steps.
SHIFT = -4.0


def make_case(
    framework: str, model: str, algorithm: str, kind: str, task_kind: str, kernel: str = "portable", integrator: str | None = None
) -> Case:
    """Build one problem in float64: 2 blocks, H 6, 8 samples, 3 channels; data from a named seed.

    P 5 and 12 steps on the portable path, P ``WIDE`` and ``LONG`` steps with a kernel.

    Args:
        framework: a key of ``registry.FRAMEWORKS``.
        model: a trained model.
        algorithm: a file of ``algorithms/``.
        kind: the protocol whose switches (docs/deviations.md) are taken: nudge, integrator, squashes of c, loss, norm.
        task_kind: classification or regression.
        kernel: portable or fused.
        integrator: another one than the protocol's.
    """
    steps, state = (12, 5) if kernel == "portable" else (LONG, WIDE)
    shape = TaskShape(channels=3, length=steps, outputs=2, kind=task_kind, output_step=4)  # pyright: ignore[reportArgumentType]
    rule = "bptt" if algorithm == "bptt" else "rhel"
    chosen = protocols.resolve_switches(protocols.read_protocol(kind), shape.length, rule, model) | {"algorithm": algorithm}
    chosen["delta_init"] = 0.1  # whatever the protocol starts at: the recurrent path must carry signal
    if ALGORITHMS[algorithm].subtracts:
        chosen["nudge"] = SUBTRACTED[kind]
    if integrator is not None:
        chosen["integrator"] = integrator
    spec = RunSpec.model_validate(
        {
            "task": "verify",
            "model": model,
            "algorithm": rule,
            "framework": framework,
            "protocol": kind,
            "seed": 2345,
            "hyper": {"lr": 1e-3, "blocks": 2, "hidden": 6, "state": state, "batch": 4, "dropout": 0.0, "time_channel": False},
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
    parameters = initial_parameters(spec, shape)
    if kernel != "portable":
        parameters = {path: value + SHIFT if path.endswith(".hru.s") else value for path, value in parameters.items()}
    return Case(spec, shape, parameters, x, labels if task_kind == "classification" else targets)


def all_cases(framework: str) -> list[Case]:
    """Return what a framework is compared in: see ``portable``; and every fused kernel once, if it takes kernels."""
    return [*portable(framework), *fused(framework)]


def uncovered() -> list[str]:
    """Return the models that can't be compared, since the oracle lacks their Hamiltonian."""
    return [name for name, model in MODELS.items() if model.hamiltonian and model.hamiltonian not in HAMILTONIANS]


def portable(framework: str) -> list[Case]:
    """Return every trained model with every algorithm that is not random; a regression per model.

    BPTT under both protocols, and BPTT and RHEL with every further reversible integrator.
    """
    trained = [name for name, model in MODELS.items() if model.trained and name not in uncovered()]
    units = [name for name in trained if MODELS[name].hamiltonian]
    rows = [make_case(framework, model, "bptt", "exact", "classification") for model in trained]
    rows += [make_case(framework, model, "bptt", "released", "classification") for model in units]
    others = [name for name, entry in ALGORITHMS.items() if name != "bptt" and not entry.random]
    rows += [make_case(framework, *pair, protocol_of(pair[1]), "classification") for pair in product(units, others)]
    steps = [name for name, entry in INTEGRATORS.items() if entry.reversible and name != "leapfrog"]
    rows += [
        make_case(framework, model, algorithm, "exact", "classification", integrator=step)
        for model, algorithm, step in product(units, ("bptt", "rhel"), steps)
    ]
    return rows + [make_case(framework, model, "rhel", "exact", "regression") for model in units]


def fused(framework: str) -> list[Case]:
    """Return every kernel once, on more steps, samples and channels than a kernel takes at a time; none without kernels."""
    if not FRAMEWORKS[framework].kernels:
        return []
    units = {model.hamiltonian: name for name, model in MODELS.items() if model.hamiltonian}
    return [
        make_case(framework, units[unit], algorithm, protocol_of(algorithm), "classification", "fused", integrator)
        for unit, integrator, algorithm in KERNELS
    ]


def protocol_of(algorithm: str) -> str:
    """Return the protocol under which an algorithm is compared: ``released`` for the released code's own rule."""
    return "released" if ALGORITHMS[algorithm].released else "exact"
