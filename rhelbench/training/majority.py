"""The baseline without a model: the most frequent class of the training part, or its mean target."""

from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rhelbench.contract import Arrays, TaskShape
from rhelbench.spec import RunSpec


def make_learner(spec: RunSpec, shape: TaskShape) -> "Majority":
    """Return the baseline as a learner; its single optimiser step counts the whole training part."""
    return Majority(spec, shape)


def device() -> str:
    """Return the device of the baseline, always "cpu"."""
    return "cpu"


class Majority:
    """Predict the same answer for every input.

    Classification: logits = log of the class frequencies, so the most frequent class wins (the first among
    equals). Regression: the mean of all targets, per output.

    Args:
        spec: the run.
        shape: sizes of the task.
    """

    def __init__(self, spec: RunSpec, shape: TaskShape) -> None:
        self._shape, self._dtype = shape, np.dtype(spec.dtype)
        self._answer = np.zeros(shape.outputs, self._dtype)

    def init(self, parameters: Arrays, dropout_seed: int) -> None:
        """Reset the answer; there are no parameters."""
        del parameters, dropout_seed
        self._answer = np.zeros(self._shape.outputs, self._dtype)

    def put(self, x: NDArray[Any]) -> NDArray[Any]:
        """Return the array unchanged."""
        return x

    def train_chunk(self, x: NDArray[Any], y: NDArray[Any], plan: NDArray[np.int32]) -> NDArray[np.floating]:
        """Count the whole training part, whatever the plan; return the loss of the answer on the plan's rows."""
        del x
        if self._shape.kind == "regression":
            self._answer = y.mean(axis=(0, 1)).astype(self._dtype)
            return np.array([np.mean((y[rows] - self._answer) ** 2) for rows in plan])
        counts = np.bincount(y, minlength=self._shape.outputs).astype(self._dtype)
        self._answer = np.log(np.maximum(counts, 1e-8) / counts.sum())
        return np.array([-self._answer[y[rows]].mean() for rows in plan])

    def predict(self, x: NDArray[Any]) -> NDArray[np.floating]:
        """Return the answer per sample (n, c), or per sample and output (n, K, c)."""
        steps = (x.shape[1] // self._shape.output_step,) if self._shape.kind == "regression" else ()
        return np.broadcast_to(self._answer, (len(x), *steps, self._shape.outputs))

    def gradients(self, x: NDArray[Any], y: NDArray[Any]) -> tuple[float, Arrays]:
        """Return the loss; there are no gradients."""
        rows = np.arange(len(y), dtype=np.int32)[None]
        return float(self.train_chunk(x, y, rows)[0]), {}

    def fidelity(self, x: NDArray[Any]) -> float:
        """Return 0: without a recurrent state the echo is exact."""
        del x
        return 0.0

    def state(self) -> Arrays:
        """Return the answer as ``parameters.answer``."""
        return {"parameters.answer": self._answer.copy()}

    def restore(self, state: Arrays) -> None:
        """Resume from a saved answer."""
        self._answer = state["parameters.answer"].astype(self._dtype)

    def precision(self) -> AbstractContextManager[None]:
        """Return an empty context: the arrays alone decide the precision."""
        return nullcontext()

    def facts(self) -> dict[str, Any]:
        """Return the facts of a learner without a framework."""
        return {
            "device": device(),
            "kernel": "portable",
            "versions": {"numpy": np.__version__},
            "precision": {"dtype": self._dtype.name},
            "compile_s": 0.0,
            "compilations": 0,
            "peak_device_bytes": None,
        }
