"""The oracle as a Learner: the reference for every framework."""

import sys
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rhelbench.contract import Arrays, TaskShape
from rhelbench.errors import UserError
from rhelbench.oracle import adam, checks
from rhelbench.oracle.hamiltonians import HAMILTONIANS
from rhelbench.oracle.hru import channel_parameters, hru, read_in
from rhelbench.oracle.hssm import block, hssm, linear, loss, unit_parameters
from rhelbench.oracle.integrators import INTEGRATORS
from rhelbench.oracle.interface import Array
from rhelbench.oracle.norm import Statistics, normalise, start
from rhelbench.oracle.recurrence import echo, forward
from rhelbench.registry import MODELS
from rhelbench.spec import RunSpec, Switches


def make_learner(spec: RunSpec, shape: TaskShape) -> "OracleLearner":
    """Build the oracle of a run, in float64 whatever ``spec.dtype`` says.

    Raises:
        UserError: ``spec`` has dropout. Each framework has its own random bits, which the oracle cannot reproduce.
    """
    if spec.hyper.dropout > 0:
        raise UserError(f"The oracle has no dropout, but the run asks for {spec.hyper.dropout}: set dropout to 0 to compare.")
    return OracleLearner(spec, shape)


def device() -> str:
    """Return the device of the oracle, always "cpu"."""
    return "cpu"


def unit_gradients(model: str, switches: Switches, raw: Arrays, u: Array, bar: Array) -> tuple[Array, Arrays]:
    """Run one recurrent unit forward and backward.

    Args:
        model: a name in ``registry.MODELS``.
        switches: algorithm, integrator, nudge, c_squash.
        raw: the unit's trainable arrays by letter.
        u: input (K, n, H) float64.
        bar: dL/dy (K, n, H).

    Returns:
        y (K, n, H), and the gradients by letter; ``"u"`` is that of the input.
    """
    y, backward = hru(MODELS[model], switches, raw, u)
    bar_u, gradients = backward(bar)
    return y, gradients | {"u": bar_u}


def _float64(arrays: Arrays) -> Arrays:
    """Return copies in float64."""
    return {path: np.array(value, dtype=np.float64) for path, value in arrays.items()}


class OracleLearner:
    """See ``rhelbench.contract.Learner``."""

    def __init__(self, spec: RunSpec, shape: TaskShape) -> None:
        self.spec, self.shape = spec, shape
        self.parameters: Arrays = {}
        self.m: Arrays = {}
        self.v: Arrays = {}
        self.norm: list[Statistics] = []
        self.steps = self.calls = self.dropout_seed = 0

    def init(self, parameters: Arrays, dropout_seed: int) -> None:
        """Start from ``parameters`` with a new optimiser and new norm statistics."""
        checks.check_initial(self.spec, parameters)
        self.parameters = _float64(parameters)
        self.m = {path: np.zeros_like(value) for path, value in self.parameters.items()}
        self.v = {path: np.zeros_like(value) for path, value in self.parameters.items()}
        self.norm = [start(self.spec.switches.norm, self.spec.hyper.hidden) for _ in range(self.spec.hyper.blocks)]
        self.steps = self.calls = 0
        self.dropout_seed = dropout_seed

    def put(self, x: NDArray[Any]) -> Array:
        """Return real arrays as float64 and labels unchanged."""
        return x if np.issubdtype(x.dtype, np.integer) else np.asarray(x, dtype=np.float64)

    def train_chunk(self, x: Array, y: Array, plan: NDArray[np.int32]) -> NDArray[np.floating]:
        """Take one optimiser step per row of ``plan``; return the losses."""
        losses = []
        for rows in plan:
            out, self.norm, backward = self._forward(x[rows], training=True)
            value, bar = loss(self.spec.switches, self.shape, out, y[rows])
            grads = backward(self.spec.switches.loss_factor * bar)
            self.steps, self.calls = self.steps + 1, self.calls + 1
            self.parameters, self.m, self.v = adam.step(self.parameters, self.m, self.v, self.steps, grads, self.spec.hyper.lr)
            losses.append(value)
        return np.array(losses)

    def predict(self, x: Array) -> NDArray[np.floating]:
        """Return logits (n, c) or outputs (n, L // output_step, c), with the running statistics."""
        return self._forward(x, training=False)[0]

    def gradients(self, x: Array, y: Array) -> tuple[float, Arrays]:
        """Return the loss and all gradients, ``"input"`` included; norm statistics stay unchanged."""
        out, _, backward = self._forward(x, training=True)
        value, bar = loss(self.spec.switches, self.shape, out, y)
        return value, backward(self.spec.switches.loss_factor * bar)

    def fidelity(self, x: Array) -> float:
        """Return the worst ‖Φe_end‖/max‖Φ‖ over blocks and samples, on the trajectory of inference."""
        entry, worst = MODELS[self.spec.model], 0.0
        if entry.hamiltonian is None:
            return worst
        hamiltonian, integrator = HAMILTONIANS[entry.hamiltonian], INTEGRATORS[self.spec.switches.integrator]
        h, _ = linear(np.swapaxes(x, 0, 1), self.parameters["encoder.weight"], self.parameters["encoder.bias"])
        for i in range(self.spec.hyper.blocks):
            raw = unit_parameters(self.parameters, f"blocks.{i}.hru.")
            r, _, _ = normalise(self.spec.switches.norm, self.norm[i], self.calls, False, h)
            theta, delta = channel_parameters(entry, self.spec.switches, raw)
            f = read_in(entry, raw, r)
            phi, pi = forward(hamiltonian, integrator, theta, delta, f)
            steps = list(echo(hamiltonian, integrator, theta, delta, phi[-1], pi[-1], f, np.zeros_like(f)))
            end = steps[-1][1]
            for n in range(f.shape[1]):
                largest = np.sqrt(np.max(np.sum(phi[:, n] ** 2 + pi[:, n] ** 2, axis=1)))
                if largest > 0:
                    worst = max(worst, float(np.sqrt(np.sum(end.phi_end[n] ** 2 + end.pi_end[n] ** 2)) / largest))
            h, _, _ = block(self.spec, self.parameters, i, self.norm[i], self.calls, False, h)
        return worst

    def state(self) -> Arrays:
        """Return everything needed to resume (docs/internals/architecture.md, state of a learner)."""
        saved: Arrays = {f"parameters.{path}": value.copy() for path, value in self.parameters.items()}
        saved |= {f"adam.m.{path}": value.copy() for path, value in self.m.items()}
        saved |= {f"adam.v.{path}": value.copy() for path, value in self.v.items()}
        for i, (mean, variance) in enumerate(self.norm):
            saved[f"norm.blocks.{i}.mean"], saved[f"norm.blocks.{i}.var"] = mean.copy(), variance.copy()
        counts = {"adam.count": self.steps, "norm.count": self.calls, "dropout.seed": self.dropout_seed}
        return saved | {name: np.array(value, dtype=np.int64) for name, value in counts.items()}

    def restore(self, state: Arrays) -> None:
        """Resume from a state saved by any framework."""
        self.parameters, self.m, self.v = (
            _float64(unit_parameters(state, prefix)) for prefix in ("parameters.", "adam.m.", "adam.v.")
        )
        norm = _float64(unit_parameters(state, "norm.blocks."))
        self.norm = [(norm[f"{i}.mean"], norm[f"{i}.var"]) for i in range(self.spec.hyper.blocks)]
        self.steps, self.calls = int(state["adam.count"]), int(state["norm.count"])
        self.dropout_seed = int(state["dropout.seed"])

    def precision(self) -> AbstractContextManager[None]:
        """Return an empty context: the arrays alone decide the precision."""
        return nullcontext()

    def facts(self) -> dict[str, Any]:
        """Return device, versions and precision; nothing is compiled."""
        return {
            "device": device(),
            "kernel": "portable",
            "versions": {"python": sys.version.split()[0], "numpy": np.__version__},
            "precision": "float64",
            "compile_s": 0.0,
            "compilations": 0,
            "peak_device_bytes": 0,
        }

    def _forward(self, x: Array, training: bool) -> tuple[Array, list[Statistics], Any]:
        return hssm(self.spec, self.shape, self.parameters, self.norm, self.calls, training, x)
