"""The PyTorch learner: parameters, Adam, chunks of optimiser steps on one device."""

import platform
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Literal

import numpy as np
import torch
from jaxtyping import Float, Int
from numpy.typing import NDArray
from torch import Tensor
from torch.optim.adam import adam

from impl_torch import fused_block
from impl_torch.algorithms import ALGORITHMS
from impl_torch.allocator import keep_freed_memory
from impl_torch.cuda_graph import READ_BACK, Recordings, cuda_graph
from impl_torch.dropout import Dropout
from impl_torch.fused import fused, warm_up
from impl_torch.hamiltonians import HAMILTONIANS
from impl_torch.hru import Unit, hru
from impl_torch.hssm import Norms, hssm, loss
from impl_torch.passes import compilations, usable
from impl_torch.stack import Stack
from impl_torch.team import kernels_alone, threads
from kernels.passes import choose
from rhelbench.contract import Arrays, TaskShape, rematerialise
from rhelbench.errors import UserError
from rhelbench.registry import MODELS
from rhelbench.spec import RunSpec, Switches


def unit_of(name: str, switches: Switches, kernel: Literal["auto", "portable", "fused"] = "portable") -> Unit | None:
    """Return the unit of a model under a run's switches; None for units without state.

    Args:
        name: a name in ``registry.MODELS``.
        switches: algorithm, integrator, nudge, c_squash, delta_trained.
        kernel: as in ``kernels.passes.choose``. On a GPU without Triton, ``auto`` uses the portable
            implementation and prints so.

    Raises:
        UserError: the Hamiltonian is not separable; or ``fused``, and there is no kernel, or Triton is missing.
    """
    model = MODELS[name]
    if model.hamiltonian is None:
        return None
    if not HAMILTONIANS[model.hamiltonian].separable:
        raise UserError(f"Hamiltonian '{model.hamiltonian}' is not separable (T(π) + V(φ)): the leapfrog needs one that is.")
    trajectory = ALGORITHMS[switches.algorithm]
    entry = choose(kernel, model.hamiltonian, switches.integrator, switches.algorithm)
    if entry is not None and (not torch.cuda.is_available() or usable(required=kernel == "fused")):
        trajectory = fused(entry)
    else:
        entry = None
    return Unit(
        model.hamiltonian, switches.integrator, trajectory, switches.nudge, switches.c_squash, paired=model.paired,
        delta_trained=switches.delta_trained, fused=entry is not None,
    )  # fmt: skip


def device() -> str:
    """Return PyTorch's device: ``cpu``, or ``cuda: NAME``."""
    return f"cuda: {torch.cuda.get_device_name()}" if torch.cuda.is_available() else "cpu"


def configure_process() -> None:
    """Configure a process that trains on a CPU: keep freed memory, and be bit-identical for any thread count."""
    if not torch.cuda.is_available():
        keep_freed_memory()
        kernels_alone()


def unit_gradients(
    model: str,
    switches: Switches,
    raw: Arrays,
    u: NDArray[np.float64],
    bar: NDArray[np.float64],
    kernel: Literal["auto", "portable", "fused"] = "portable",
) -> tuple[NDArray[np.float64], Arrays]:
    """Run one unit forward and backward in float64.

    Args:
        model: a name in ``registry.MODELS``.
        switches: algorithm, integrator, nudge, c_squash.
        raw: the unit's trainable values by letter.
        u: inputs (K, n, H).
        bar: dL/dy (K, n, H).
        kernel: kernel of the trajectory.

    Returns:
        y (K, n, H), and the gradients by letter; ``"u"`` is that of the input.
    """
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    leaves = {
        name: torch.tensor(value, dtype=torch.float64, device=device, requires_grad=True)
        for name, value in {**raw, "u": u}.items()
    }
    y = hru(unit_of(model, switches, kernel), {name: leaves[name] for name in raw}, leaves["u"])
    seed = torch.tensor(bar, dtype=torch.float64, device=device)
    found = torch.autograd.grad(y, list(leaves.values()), seed, allow_unused=True, materialize_grads=True)
    return y.detach().cpu().numpy(), {name: g.cpu().numpy() for name, g in zip(leaves, found, strict=True)}


class TorchLearner:
    """One model, one Adam, one algorithm, on one device; see ``rhelbench.contract.Learner``."""

    def __init__(self, spec: RunSpec, shape: TaskShape) -> None:
        if torch.get_float32_matmul_precision() != "highest" or torch.backends.cuda.matmul.allow_tf32:
            raise UserError(
                "PyTorch is set to reduced matrix products (TF32) in this process: call "
                "torch.set_float32_matmul_precision('highest') before a learner is built."
            )
        self.spec = spec
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.dtype: torch.dtype = getattr(torch, spec.dtype)
        cuda = self.device.type == "cuda"
        unit = unit_of(spec.model, spec.switches, spec.kernel)
        self.fused = unit is not None and unit.fused
        fused_blocks = self.fused and not cuda
        self.stack = Stack(
            spec.hyper.blocks, unit, spec.switches.norm, shape.kind, shape.output_step, fused_blocks, rematerialise(spec, shape)
        )
        self.parameters: dict[str, Tensor] = {}
        self.dropout_seed = 0
        self.recordings = Recordings(cuda_graph if cuda and spec.switches.algorithm not in READ_BACK else None)
        self.compile_s = 0.0
        if self.fused and unit is not None:
            lanes = spec.hyper.state * (2 if unit.paired else 1)
            size = [shape.length, spec.hyper.batch, lanes] if cuda else [2, 1, 1]
            names = unit.hamiltonian, unit.integrator
            self.compile_s = warm_up(unit.trajectory, *names, unit.nudge, self.dtype, self.device, size)
        if fused_blocks:
            self.compile_s += fused_block.warm_up(spec.hyper.hidden, self.dtype)

    def init(self, parameters: Arrays, dropout_seed: int) -> None:
        """Start from ``parameters`` with a new Adam; norm statistics are mean 0 and variance 1 (released: 0)."""
        zeros = np.zeros(self.spec.hyper.hidden, self.spec.dtype)
        state: Arrays = {f"parameters.{path}": value for path, value in parameters.items()}
        for path, value in parameters.items():
            state |= {f"adam.m.{path}": np.zeros_like(value), f"adam.v.{path}": np.zeros_like(value)}
        for i in range(self.stack.blocks):
            state |= {f"norm.blocks.{i}.mean": zeros, f"norm.blocks.{i}.var": zeros + (self.stack.norm == "batch")}
        counts = {"adam.count": 0, "norm.count": 0, "dropout.seed": dropout_seed}
        self.restore(state | {name: np.asarray(value, np.int64) for name, value in counts.items()})

    def put(self, x: NDArray[Any]) -> Tensor:
        """Move inputs, labels or targets to the device."""
        dtype = torch.int64 if np.issubdtype(x.dtype, np.integer) else self.dtype
        return torch.from_numpy(np.ascontiguousarray(x)).to(self.device, dtype)

    def train_chunk(self, x: Tensor, y: Tensor, plan: NDArray[np.int32]) -> NDArray[np.floating]:
        """Take one optimiser step per row of ``plan``; return the losses, copied to the host at the end only."""
        rows = torch.from_numpy(plan.astype(np.int64)).to(self.device)
        losses = [self._step(x, y, row) for row in rows]
        return torch.stack(losses).cpu().numpy() if losses else np.zeros(0, self.spec.dtype)

    def _step(self, x: Float[Tensor, "all K d"], y: Tensor, row: Int[Tensor, " n"]) -> Float[Tensor, ""]:
        hyper, value = self.spec.hyper, None
        dropout = (
            Dropout(hyper.dropout, self.spec.switches.dropout_mask, self.dropout_seed, self.count) if hyper.dropout else None
        )
        # The norm's first call computes something else than later ones, so it is never recorded.
        if self.norms.count:
            changed = [
                *self.parameters.values(),
                *self.m.values(),
                *self.v.values(),
                *self.steps,
                *sum(self.norms.statistics, ()),
            ]
            masks = self.stack.blocks, hyper.hidden
            value = self.recordings.step(self._body, changed, x.transpose(0, 1), y, row, dropout, masks)
        if value is None:
            # Samples as first axis: to index another axis, PyTorch would copy all of them.
            batch = x.index_select(0, row).transpose(0, 1).contiguous()
            value = self._body(batch, y.index_select(0, row), dropout)
        self.norms, self.count = Norms(self.norms.statistics, self.norms.count + 1), self.count + 1
        return value

    def _body(self, x: Float[Tensor, "K n d"], y: Tensor, dropout: Dropout | None) -> Float[Tensor, ""]:
        """Take one optimiser step without host copies, with all state at fixed addresses, so it can be recorded."""
        hyper, switches = self.spec.hyper, self.spec.switches
        outputs, norms = hssm(self.stack, self.parameters, x, self.norms, training=True, dropout=dropout)
        value = loss(switches.loss, outputs, y)
        grads = self._grads(value, list(self.parameters.values()))
        # The functional form of torch.optim.Adam: the class imports torch's compiler, which takes seconds.
        adam(
            [p.detach() for p in self.parameters.values()], grads, list(self.m.values()), list(self.v.values()), [], self.steps,
            fused=True, amsgrad=False, beta1=0.9, beta2=0.999, lr=hyper.lr, weight_decay=0.0, eps=1e-8, maximize=False,
            capturable=self.device.type == "cuda",
        )  # fmt: skip
        for old, new in zip(self.norms.statistics, norms.statistics, strict=True):
            old[0].copy_(new[0])
            old[1].copy_(new[1])
        return value.detach()

    def _grads(self, value: Float[Tensor, ""], leaves: list[Tensor]) -> list[Tensor]:
        """Return the gradients of the loss times its factor, for the parameters and further leaves."""
        scaled = self.spec.switches.loss_factor * value
        # Contiguous, as the fused Adam requires.
        return [grad.contiguous() for grad in torch.autograd.grad(scaled, leaves, materialize_grads=True)]

    def predict(self, x: Tensor) -> NDArray[np.floating]:
        """Return logits (n, c) or outputs (n, K, c), in batches of the training batch's size."""
        parts = []
        with torch.no_grad():
            for batch in x.split(self.spec.hyper.batch):
                outputs, _ = hssm(self.stack, self.parameters, batch.transpose(0, 1), self.norms, training=False)
                parts.append(outputs)
        return torch.cat(parts).cpu().numpy()

    def gradients(self, x: Tensor, y: Tensor) -> tuple[float, Arrays]:
        """Return loss and gradients of the whole batch (training mode, no dropout); ``"input"`` (n, L, d) is x's."""
        inputs = x.detach().clone().requires_grad_()
        outputs, _ = hssm(self.stack, self.parameters, inputs.transpose(0, 1), self.norms, training=True)
        value = loss(self.spec.switches.loss, outputs, y)
        leaves = {**self.parameters, "input": inputs}
        grads = self._grads(value, list(leaves.values()))
        return float(value.detach()), {path: grad.cpu().numpy() for path, grad in zip(leaves, grads, strict=True)}

    def fidelity(self, x: Tensor) -> float:
        """Return the worst ‖Φe_end‖/max‖Φ‖ over blocks and samples in inference mode; 0 without a state."""
        worst: list[Tensor] = []
        with torch.no_grad():
            for batch in x.split(self.spec.hyper.batch):
                hssm(self.stack, self.parameters, batch.transpose(0, 1), self.norms, training=False, fidelities=worst)
        return float(torch.cat(worst).max()) if worst else 0.0

    def state(self) -> Arrays:
        """Return everything needed to resume, by the names in docs/internals/architecture.md."""
        state: dict[str, Tensor] = {}
        for path, parameter in self.parameters.items():
            state[f"parameters.{path}"] = parameter.detach()
            state[f"adam.m.{path}"] = self.m[path]
            state[f"adam.v.{path}"] = self.v[path]
        for i, (mean, var) in enumerate(self.norms.statistics):
            state |= {f"norm.blocks.{i}.mean": mean, f"norm.blocks.{i}.var": var}
        counts = {"adam.count": self.count, "norm.count": self.norms.count, "dropout.seed": self.dropout_seed}
        arrays = {name: value.cpu().numpy().copy() for name, value in state.items()}
        return arrays | {name: np.asarray(value, np.int64) for name, value in counts.items()}

    def restore(self, state: Arrays) -> None:
        """Resume from a state saved by any framework."""

        def tensor(name: str) -> Tensor:
            return torch.from_numpy(np.array(state[name])).to(self.device, self.dtype)

        paths = [name.removeprefix("parameters.") for name in state if name.startswith("parameters.")]
        self.parameters = {path: tensor(f"parameters.{path}").requires_grad_() for path in paths}
        self.count, self.dropout_seed = int(state["adam.count"]), int(state["dropout.seed"])
        self.m = {path: tensor(f"adam.m.{path}") for path in paths}
        self.v = {path: tensor(f"adam.v.{path}") for path in paths}
        self.steps = [torch.tensor(float(self.count), device=self.device) for _ in paths]
        blocks = range(self.stack.blocks)
        statistics = [(tensor(f"norm.blocks.{i}.mean"), tensor(f"norm.blocks.{i}.var")) for i in blocks]
        self.norms = Norms(statistics, int(state["norm.count"]))
        self.recordings.forget()

    def precision(self) -> AbstractContextManager[None]:
        """Return an empty context: the arrays alone decide the precision."""
        return nullcontext()

    def facts(self) -> dict[str, Any]:
        """Return device, versions, precision settings, compilation and peak device memory."""
        cuda = self.device.type == "cuda"
        return {
            "framework": "torch",
            "device": device(),
            "kernel": "fused" if self.fused else "portable",
            "versions": {"torch": torch.__version__, "python": platform.python_version()},
            "precision": {"dtype": self.spec.dtype, "tf32": torch.backends.cuda.matmul.allow_tf32},
            "threads": threads(),
            "compile_s": self.compile_s + self.recordings.seconds,
            "compilations": compilations() + fused_block.compilations() + self.recordings.count,
            "peak_device_bytes": torch.cuda.max_memory_allocated() if cuda else None,
        }


def make_learner(spec: RunSpec, shape: TaskShape) -> TorchLearner:
    """Return the learner of a run, on a GPU if there is one.

    Args:
        spec: the run.
        shape: sizes of the task.

    Raises:
        UserError: the run needs a feature that this framework lacks.
    """
    return TorchLearner(spec, shape)
