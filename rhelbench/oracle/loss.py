"""The losses of ``switches.loss`` and their gradients."""

import numpy as np

from rhelbench.contract import TaskShape
from rhelbench.oracle.interface import Array
from rhelbench.spec import Switches

#: The released code adds it to the probability.
OFFSET = 1e-8


def softmax(z: Array) -> Array:
    """Return e^z / Σ e^z along the last axis."""
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def loss(switches: Switches, shape: TaskShape, out: Array, y: Array) -> tuple[float, Array]:
    """Return the loss, averaged over the batch, and dL/dout.

    Classification, p = softmax(out): ``cross_entropy`` −log p_y, ``log_offset`` −log(p_y + 1e-8).
    Regression: mean of (out − y)².

    Args:
        switches: selects the classification loss.
        shape: kind of the task.
        out: logits (n, c), or outputs (n, K, c), float64.
        y: labels (n,) int, or targets (n, K, c).

    Returns:
        The loss as a float, and dL/dout in the shape of ``out``.

    Source:
        Paper, appendix; docs/deviations.md, row 9.
    """
    if shape.kind == "regression":
        return float(np.mean((out - y) ** 2)), 2 * (out - y) / out.size
    n = len(out)
    p, truth = softmax(out), np.eye(out.shape[1])[y]
    if switches.loss == "cross_entropy":
        top = out.max(axis=1)
        log_p = out[np.arange(n), y] - top - np.log(np.exp(out - top[:, None]).sum(axis=1))
        return float(-np.mean(log_p)), (p - truth) / n
    p_y = p[np.arange(n), y]
    return float(-np.mean(np.log(p_y + OFFSET))), (p - truth) * (p_y / (p_y + OFFSET))[:, None] / n
