"""The JAX learner: a chunk of optimiser steps in one compiled call, with all data on the device."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from importlib.metadata import version
from typing import Any, Literal, cast

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float, Int, Num, UInt32
from numpy.typing import NDArray

from impl_jax import hssm
from impl_jax.hru import hru, unit_of
from impl_jax.interface import Theta
from impl_jax.programs import Programs
from impl_jax.state import State, fresh, key_data, to_device, to_host
from rhelbench.contract import Arrays, TaskShape
from rhelbench.parameters import parameter_table
from rhelbench.spec import RunSpec, Switches

Inputs = Float[Array, "n K d"]
Labels = Num[Array, "n ..."]


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
        switches: algorithm, integrator, nudge, c_squash, delta_trained.
        raw: the unit's trainable values by letter.
        u: inputs (K, n, H).
        bar: dL/dy (K, n, H).
        kernel: kernel of the trajectory.

    Returns:
        y (K, n, H), and the gradients by letter; ``"u"`` is that of the input.
    """
    unit = unit_of(model, switches, kernel)

    def both(raw: Theta, u: Array, bar: Array) -> tuple[Array, Theta, Array]:
        y, pull = jax.vjp(partial(hru, unit), raw, u)
        return y, *pull(bar)

    with jax.enable_x64(True):
        wide = {name: jnp.array(value, jnp.float64) for name, value in raw.items()}
        y, slopes, of_u = jax.jit(both)(wide, jnp.array(u, jnp.float64), jnp.array(bar, jnp.float64))
        return np.array(y), {name: np.array(slope) for name, slope in slopes.items()} | {"u": np.array(of_u)}


def make_learner(spec: RunSpec, shape: TaskShape) -> "JaxLearner":
    """Return the learner of a run (``rhelbench.contract.Learner``).

    Raises:
        UserError: the run needs a feature that this framework lacks.
    """
    return JaxLearner(spec, shape)


def device() -> str:
    """Return JAX's device: ``cpu``, or ``cuda: NAME``."""
    first = jax.devices()[0]
    return "cpu" if first.platform == "cpu" else f"cuda: {first.device_kind}"


class JaxLearner:
    """One model, one optimiser, one algorithm (``rhelbench.contract.Learner``).

    A context around every call enables JAX's 64-bit numbers for a float64 run and disables them for a float32
    run. Learners of both kinds can thus share one process, and no global setting affects a result.
    """

    def __init__(self, spec: RunSpec, shape: TaskShape) -> None:
        self._spec, self._model = spec, hssm.model_of(spec, shape)
        self._paths = list(parameter_table(spec, shape))
        self._adam = optax.adam(spec.hyper.lr, b1=0.9, b2=0.999, eps=1e-8)
        self._programs = Programs()
        self._state: State | None = None
        self._seed = 0

    @contextmanager
    def precision(self) -> Iterator[None]:
        """Return a context that sets JAX's number width: 64 bits for a float64 run, 32 bits for a float32 run."""
        with jax.enable_x64(self._spec.dtype == "float64"):
            yield

    def _current(self) -> State:
        if self._state is None:
            raise RuntimeError("the learner has no parameters: call init or restore first")
        return self._state

    # -- compiled code: pure functions of arrays ---------------------------------------------------------------------

    def _objective(
        self, parameters: Theta, x: Inputs, y: Labels, state: State, key: UInt32[Array, "2"] | None
    ) -> tuple[Float[Array, ""], Any]:
        masks = None if key is None else jax.random.fold_in(jax.random.wrap_key_data(key), state.adam.count)
        outputs, norm = hssm.hssm(self._model, parameters, state.norm, state.norm_count, x, masks, training=True)
        value = hssm.loss(self._model, outputs, y)
        return self._spec.switches.loss_factor * value, (norm, value)

    def _chunk(
        self, state: State, key: UInt32[Array, "2"], x: Inputs, y: Labels, plan: Int[Array, "steps batch"]
    ) -> tuple[State, Float[Array, " steps"]]:
        """Take one optimiser step per row of the plan; dropout masks depend on (seed, optimiser step) only."""

        def step(state: State, row: Int[Array, " batch"]) -> tuple[State, Float[Array, ""]]:
            gradient = jax.value_and_grad(self._objective, has_aux=True)
            batch = jnp.take(x, row, axis=0), jnp.take(y, row, axis=0)
            (_, (norm, value)), slopes = gradient(state.parameters, *batch, state, key)
            updates, after = self._adam.update(cast(optax.Updates, slopes), (state.adam, optax.EmptyState()))
            parameters = optax.apply_updates(cast(optax.Params, state.parameters), updates)
            adam = cast(tuple[optax.ScaleByAdamState, ...], after)[0]
            return State(cast(Theta, parameters), adam, norm, state.norm_count + 1), value

        return jax.lax.scan(step, state, plan)

    def _gradients(self, state: State, x: Inputs, y: Labels) -> tuple[Float[Array, ""], tuple[Theta, Inputs]]:
        objective = partial(self._objective, y=y, state=state, key=None)
        (_, (_, value)), slopes = jax.value_and_grad(objective, argnums=(0, 1), has_aux=True)(state.parameters, x)
        return value, slopes

    def _outputs(self, state: State, x: Inputs) -> Float[Array, "n ..."]:
        return hssm.hssm(self._model, state.parameters, state.norm, state.norm_count, x)[0]

    def _fidelity(self, state: State, x: Inputs) -> Float[Array, ""]:
        return hssm.worst_fidelity(self._model, state.parameters, state.norm, state.norm_count, x)

    def _batches(self, x: Inputs) -> Iterator[tuple[int, Inputs]]:
        """Yield batches of equal size with the number of valid samples; the last repeats its last sample."""
        size = self._spec.hyper.batch
        for start in range(0, x.shape[0], size):
            rows = np.minimum(np.arange(start, start + size, dtype=np.int32), x.shape[0] - 1)
            yield min(size, x.shape[0] - start), self._programs(_rows, x, rows)

    # -- the contract ------------------------------------------------------------------------------------------------

    def init(self, parameters: Arrays, dropout_seed: int) -> None:
        """Start from ``parameters`` with a new optimiser; the trainer checks their values."""
        variance = 1.0 if self._model.norm == "batch" else 0.0
        start = fresh(parameters, self._model.blocks, self._spec.hyper.hidden, variance)
        self.restore(start | {"dropout.seed": np.array(dropout_seed, np.int64)})

    def put(self, x: NDArray[Any]) -> Array:
        """Move inputs or targets to the device in the run's dtype, labels as int32."""
        dtype = np.int32 if np.issubdtype(x.dtype, np.integer) else np.dtype(self._spec.dtype)
        with self.precision():
            return jax.device_put(np.ascontiguousarray(x, dtype))

    def train_chunk(self, x: Inputs, y: Labels, plan: NDArray[np.int32]) -> NDArray[np.floating]:
        """Take one optimiser step per row of ``plan``, all in one compiled call; return the losses."""
        with self.precision():
            rows = jax.device_put(np.ascontiguousarray(plan, np.int32))
            state, self._state = self._current(), None
            self._state, losses = self._programs(self._chunk, state, key_data(self._seed), x, y, rows, donate=(0,))
            return np.array(losses)

    def predict(self, x: Inputs) -> NDArray[np.floating]:
        """Return logits (n, c) or regression outputs (n, K // output_step, c), in inference mode."""
        with self.precision():
            return np.concatenate(
                [np.asarray(self._programs(self._outputs, self._current(), batch))[:n] for n, batch in self._batches(x)]
            )

    def gradients(self, x: Inputs, y: Labels) -> tuple[float, Arrays]:
        """Return the loss of the whole batch and its gradients by canonical name and ``"input"``."""
        with self.precision():
            value, (slopes, of_x) = self._programs(self._gradients, self._current(), x, y)
            return float(value), {path: np.array(slope) for path, slope in slopes.items()} | {"input": np.array(of_x)}

    def fidelity(self, x: Inputs) -> float:
        """Return the worst echo fidelity over blocks and samples."""
        with self.precision():
            worst = [np.asarray(self._programs(self._fidelity, self._current(), batch)) for _, batch in self._batches(x)]
            return float(np.max(worst))

    def state(self) -> Arrays:
        """Return everything needed to resume, by canonical name."""
        return to_host(self._current()) | {"dropout.seed": np.array(self._seed, np.int64)}

    def restore(self, state: Arrays) -> None:
        """Resume from a state saved by any framework."""
        with self.precision():
            self._state = to_device(state, self._paths, self._model.blocks, self._spec.dtype)
        self._seed = int(state["dropout.seed"])

    def facts(self) -> dict[str, Any]:
        """Return device, versions, precision settings, compilations and peak device memory, if available."""
        memory = jax.devices()[0].memory_stats() or {}
        return {
            "device": device(),
            "kernel": "portable" if self._model.unit.kernel is None else "fused",
            "versions": {"jax": jax.__version__, "jaxlib": version("jaxlib"), "optax": optax.__version__},
            "precision": {"dtype": self._spec.dtype, "matmul": "highest", "tf32": False},
            "compile_s": self._programs.compile_s,
            "compilations": self._programs.compilations,
            "peak_device_bytes": memory.get("peak_bytes_in_use"),
        }


def _rows(x: Num[Array, "n ..."], rows: Int[Array, " batch"]) -> Num[Array, "batch ..."]:
    return jnp.take(x, rows, axis=0)
