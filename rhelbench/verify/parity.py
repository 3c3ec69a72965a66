"""Parity test levels: state, one time step, outputs, gradients, training; and the echo, RHEL against BPTT."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module

import numpy as np

from rhelbench.contract import Arrays, Learner
from rhelbench.errors import UserError
from rhelbench.oracle import hamiltonians, integrators
from rhelbench.oracle.learner import make_learner as make_oracle
from rhelbench.oracle.learner import unit_gradients
from rhelbench.registry import ALGORITHMS, FRAMEWORKS, HAMILTONIANS, INTEGRATORS, MODELS
from rhelbench.verify.cases import Case, all_cases

#: Largest accepted difference per level, relative to max|reference| of each array.
TOLERANCES: dict[str, float] = {
    "state": 0.0,  # names, shapes and dtypes must be equal
    "step": 1e-12,  # a few float64 roundings
    "outputs": 1e-10,  # a stack of blocks
    "gradients": 1e-9,  # the same through the backward pass
    "training": 1e-7,  # Adam divides by small second moments, fifty times over
    "echo linear": 1e-8,  # quadratic energy, exact at any nudge: rounding only, over 405 time steps
    "echo nonlinear": 1e-6,  # truncation O(ρ²), at ρ = 1e-4 for two separate echoes
}
#: Compared fields of a kick.
KICK = ("before", "phi", "after")
#: Time steps for comparing RHEL with BPTT: the length of Heartbeat.
ECHO_STEPS = 405


@dataclass(frozen=True)
class Row:
    """The largest difference of one level in one case, and its quantity."""

    level: str
    case: str
    worst: float
    where: str

    @property
    def passed(self) -> bool:
        """Whether the difference is within the tolerance; NaN fails."""
        return bool(self.worst <= TOLERANCES[self.level])


def _worst_of(rows: list[tuple[float, str]]) -> tuple[float, str]:
    """Return the row of the largest difference; NaN is larger than any."""
    return max(rows, key=lambda row: np.inf if np.isnan(row[0]) else row[0])


def worst(found: Arrays, wanted: Arrays) -> tuple[float, str]:
    """Return the largest max|found − wanted| / max|wanted| over all names, and its name.

    1e-15 absolute is tolerated. A missing or additional name, or another shape, counts as infinite.
    """
    rows = []
    for name in sorted({*found, *wanted}):
        if name not in found or name not in wanted or found[name].shape != wanted[name].shape:
            rows.append((np.inf, name))
            continue
        difference = np.max(np.abs(found[name] - wanted[name]), initial=0.0)
        scale = np.max(np.abs(wanted[name]), initial=0.0)
        rows.append((0.0 if difference <= 1e-15 else float(difference / scale) if scale else np.inf, name))
    return _worst_of(rows)


def compare_state(item: Case, oracle: Learner, subject: Learner) -> tuple[float, str]:
    """Compare names, shapes and dtypes of the whole state."""
    wanted, found = oracle.state(), subject.state()
    for name in sorted({*wanted, *found}):
        same = name in wanted and name in found
        if not same or wanted[name].shape != found[name].shape or wanted[name].dtype != found[name].dtype:
            return np.inf, name
    return 0.0, f"{len(wanted)} arrays"


def compare_step(item: Case, oracle: Learner, subject: Learner) -> tuple[float, str]:
    """Compare potential, force and one time step of every integrator at random states."""
    model = MODELS[item.spec.model]
    if model.hamiltonian is None:
        return 0.0, "no unit"
    package = FRAMEWORKS[item.spec.framework].root
    rng = np.random.default_rng(0)
    prefix = "blocks.0.hru."
    raw = {k.removeprefix(prefix): v for k, v in item.parameters.items() if k.startswith(prefix)}
    phi, pi, f = rng.standard_normal((3, 4, item.spec.hyper.state))

    def quantities(units: dict, steppers: dict, put: Callable) -> Arrays:
        unit = units[model.hamiltonian]
        theta, delta = unit.physical({name: put(value) for name, value in raw.items()}, item.spec.switches.c_squash)
        state = [put(a) for a in (phi, pi, f)]
        values = {"potential": unit.potential(theta, state[0], state[2]), "force": unit.force(theta, state[0], state[2])}
        for name in INTEGRATORS:
            step = steppers[name].step(unit, theta, delta, *state)
            values |= {f"{name}.phi": step[0], f"{name}.pi": step[1]}
            values |= {f"{name}.kick{i}.{part}": getattr(kick, part) for i, kick in enumerate(step[2]) for part in KICK}
        return {name: np.array(value.tolist()) for name, value in values.items()}

    own = (import_module(f"{package}.hamiltonians").HAMILTONIANS, import_module(f"{package}.integrators").INTEGRATORS)
    with subject.precision():
        found = quantities(*own, subject.put)
    return worst(found, quantities(hamiltonians.HAMILTONIANS, integrators.INTEGRATORS, oracle.put))


def compare_outputs(item: Case, oracle: Learner, subject: Learner) -> tuple[float, str]:
    """Compare outputs in inference mode, with norm statistics from one optimiser step."""
    plan = np.arange(item.spec.hyper.batch, dtype=np.int32)[None]
    oracle.train_chunk(oracle.put(item.x), oracle.put(item.y), plan)
    subject.restore(oracle.state())
    return worst({"outputs": subject.predict(subject.put(item.x))}, {"outputs": oracle.predict(oracle.put(item.x))})


def compare_gradients(item: Case, oracle: Learner, subject: Learner) -> tuple[float, str]:
    """Compare the loss and all gradients, input included, before and after the first training call."""
    rows = []
    for fresh in (True, False):
        if not fresh:
            oracle.train_chunk(oracle.put(item.x), oracle.put(item.y), np.arange(4, dtype=np.int32)[None])
            subject.restore(oracle.state())
        results = []
        for learner in (subject, oracle):
            loss, gradients = learner.gradients(learner.put(item.x), learner.put(item.y))
            results.append({**gradients, "loss": np.asarray(loss)})
        rows.append(worst(*results))
    return _worst_of(rows)


def compare_training(item: Case, oracle: Learner, subject: Learner) -> tuple[float, str]:
    """Compare losses and parameters after one and after fifty optimiser steps."""
    plan = np.random.default_rng(1).permuted(np.tile(np.arange(8, dtype=np.int32), (50, 1)), axis=1)[:, :4]
    rows, losses = [], {subject: [], oracle: []}
    for step, indices in enumerate(plan, start=1):
        for learner, seen in losses.items():
            seen.append(learner.train_chunk(learner.put(item.x), learner.put(item.y), indices[None]))
        if step in (1, len(plan)):
            pair = []
            for learner, seen in losses.items():
                kept = {k: v for k, v in learner.state().items() if k.startswith(("parameters.", "norm."))}
                pair.append({**kept, "losses": np.concatenate(seen)})
            rows.append(worst(*pair))
    return _worst_of(rows)


def echo(item: Case) -> tuple[float, str]:
    """Compare RHEL's gradients of one unit, δ and input included, with the oracle's BPTT, over 405 time steps."""
    switches, prefix = item.spec.switches, "blocks.0.hru."
    raw = {path.removeprefix(prefix): value for path, value in item.parameters.items() if path.startswith(prefix)}
    u, bar = np.random.default_rng(2).standard_normal((2, ECHO_STEPS, 2, item.spec.hyper.hidden))
    ours = import_module(FRAMEWORKS[item.spec.framework].learner).unit_gradients
    found = ours(item.spec.model, switches, raw, u, bar)[1]
    return worst(found, unit_gradients(item.spec.model, switches.model_copy(update={"algorithm": "bptt"}), raw, u, bar)[1])


LEVELS = {
    "state": compare_state,
    "step": compare_step,
    "outputs": compare_outputs,
    "gradients": compare_gradients,
    "training": compare_training,
}
#: Levels that a fused kernel, being a trajectory, can fail; portable cases cover what follows from its gradients.
FUSED_LEVELS = ("outputs", "gradients")


def run_case(item: Case) -> Iterator[Row]:
    """Run all levels of a case; each initialises both learners with the same parameters.

    Raises:
        UserError: the framework lacks what the case's kernel needs on this host.
    """
    make = import_module(FRAMEWORKS[item.spec.framework].learner).make_learner
    oracle, subject = make_oracle(item.spec, item.shape), make(item.spec, item.shape)
    portable = item.spec.kernel == "portable"
    for level in LEVELS if portable else FUSED_LEVELS:
        for learner in (oracle, subject):
            learner.init(item.parameters, dropout_seed=0)
        yield Row(level, item.name, *LEVELS[level](item, oracle, subject))
    hamiltonian = MODELS[item.spec.model].hamiltonian
    entry = ALGORITHMS[item.spec.switches.algorithm]
    if portable and hamiltonian is not None and entry.needs_nudge and not entry.released:
        level = "echo linear" if HAMILTONIANS[hamiltonian].quadratic else "echo nonlinear"
        yield Row(level, item.name, *echo(item))


def run_levels(framework: str, part: str = "") -> Iterator[Row]:
    """Run all levels of every case whose name contains ``part``, without fused kernels that cannot run here."""
    for item in (item for item in all_cases(framework) if part in item.name):
        try:
            yield from run_case(item)
        except UserError:
            if item.spec.kernel == "portable":
                raise
