"""Adam by hand."""

import numpy as np

from rhelbench.contract import Arrays

BETA1, BETA2, EPS = 0.9, 0.999, 1e-8


def step(parameters: Arrays, m: Arrays, v: Arrays, count: int, grads: Arrays, lr: float) -> tuple[Arrays, Arrays, Arrays]:
    """Return parameters and moments after one step, the ``count``-th, counted from 1.

    m ← 0.9 m + 0.1 g;  v ← 0.999 v + 0.001 g²;  θ ← θ − lr · (m/(1 − 0.9ᵗ)) / (√(v/(1 − 0.999ᵗ)) + 1e-8).

    Args:
        parameters: canonical path to float64 array; ``m``, ``v`` and ``grads`` alike.
        m: first moments before the step.
        v: second moments before the step.
        count: t, the number of this step.
        grads: gradients of this step.
        lr: learning rate.

    Source:
        Kingma & Ba 2015, algorithm 1.
    """
    m = {path: BETA1 * m[path] + (1 - BETA1) * grads[path] for path in parameters}
    v = {path: BETA2 * v[path] + (1 - BETA2) * grads[path] ** 2 for path in parameters}
    moved: Arrays = {}
    for path, value in parameters.items():
        m_hat, v_hat = m[path] / (1 - BETA1**count), v[path] / (1 - BETA2**count)
        moved[path] = value - lr * m_hat / (np.sqrt(v_hat) + EPS)
    return moved, m, v
