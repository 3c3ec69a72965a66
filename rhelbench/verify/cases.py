"""Small problems for comparing a framework with the oracle."""

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
    """One problem: specification, sizes, parameters, data (n, L, d) and labels or targets."""

    spec: RunSpec
    shape: TaskShape
    parameters: Arrays
    x: np.ndarray
    y: np.ndarray

    @property
    def name(self) -> str:
        """Model, integrator, algorithm, protocol, kind of task, and the kernel unless it is portable."""
        protocols, kernel = self.spec.switches, "" if self.spec.kernel == "portable" else f"/{self.spec.kernel}"
        names = (self.spec.model, protocols.integrator, protocols.algorithm, self.spec.protocol, self.shape.kind)
        return f"{'/'.join(names)}{kernel}"


#: Sizes of a fused case: more time steps, samples x channels and rows than a kernel's block.
LONG, WIDE = 300, 150
#: Nudges of two separate echoes, by protocol; rounding, 1e-16 relative to the nudge, stays below the tolerances.
SUBTRACTED = {"exact": {"mode": "relative", "size": 1e-4}, "released": {"mode": "absolute", "size": 10.0}}
#: Shift of a linear unit's raw s in a fused case: δ near 0.02, so states stay bounded over LONG time steps.
SHIFT = -4.0


def make_case(
    framework: str, model: str, algorithm: str, kind: str, task_kind: str, kernel: str = "portable", integrator: str | None = None
) -> Case:
    """Build one problem in float64: 2 blocks, H 6, 8 samples, 3 features; data from a named seed.

    Portable: P 5 and 12 time steps. Fused: P ``WIDE`` and ``LONG`` time steps.

    Args:
        framework: a key of ``registry.FRAMEWORKS``.
        model: a trained model.
        algorithm: a module of ``algorithms/``.
        kind: the protocol of the switches (docs/deviations.md): nudge, integrator, c_squash, loss, norm.
        task_kind: classification or regression.
        kernel: portable or fused.
        integrator: an integrator other than the protocol's.
    """
    steps, state = (12, 5) if kernel == "portable" else (LONG, WIDE)
    shape = TaskShape(channels=3, length=steps, outputs=2, kind=task_kind, output_step=4)  # pyright: ignore[reportArgumentType]
    rule = "bptt" if algorithm == "bptt" else "rhel"
    chosen = protocols.resolve_switches(protocols.read_protocol(kind), shape.length, rule, model) | {"algorithm": algorithm}
    chosen["delta_init"] = 0.1  # whatever the protocol's value, so that the recurrence carries a signal
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
    """Return all cases of a framework: see ``portable`` and, if it has kernels, ``fused``."""
    return [*portable(framework), *fused(framework)]


def uncovered() -> list[str]:
    """Return the models that cannot be compared, since the oracle lacks their Hamiltonian."""
    return [name for name, model in MODELS.items() if model.hamiltonian and model.hamiltonian not in HAMILTONIANS]


def portable(framework: str) -> list[Case]:
    """Return every trained model with every algorithm that is not random, and a regression per model.

    BPTT runs under both protocols. BPTT and RHEL run with every further reversible integrator.
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
    """Return each kernel once, at sizes above a kernel's block; empty without kernels."""
    if not FRAMEWORKS[framework].kernels:
        return []
    units = {model.hamiltonian: name for name, model in MODELS.items() if model.hamiltonian}
    return [
        make_case(framework, units[unit], algorithm, protocol_of(algorithm), "classification", "fused", integrator)
        for unit, integrator, algorithm in KERNELS
    ]


def protocol_of(algorithm: str) -> str:
    """Return the protocol of an algorithm's cases: ``released`` for the released code's rule."""
    return "released" if ALGORITHMS[algorithm].released else "exact"
