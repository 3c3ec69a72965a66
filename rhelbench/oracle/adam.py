"""The Adam optimiser in NumPy."""

import numpy as np

from rhelbench.contract import Arrays

BETA1, BETA2, EPS = 0.9, 0.999, 1e-8


def step(parameters: Arrays, m: Arrays, v: Arrays, count: int, grads: Arrays, lr: float) -> tuple[Arrays, Arrays, Arrays]:
    """Take the ``count``-th optimiser step.

    m ← 0.9 m + 0.1 g;  v ← 0.999 v + 0.001 g²;
    θ ← θ − lr · (m/(1 − 0.9ᵗ)) / (√(v/(1 − 0.999ᵗ)) + 1e-8).

    Args:
        parameters: float64 arrays by canonical path; ``m``, ``v`` and ``grads`` have the same keys.
        m: first moments before the optimiser step.
        v: second moments before the optimiser step.
        count: t, counted from 1.
        grads: gradients g.
        lr: learning rate.

    Returns:
        Parameters, first moments and second moments after the optimiser step.

    Source:
        Kingma & Ba 2015, algorithm 1.

    Example:
        >>> zero = {"w": np.zeros(1)}
        >>> moved, _, _ = step({"w": np.ones(1)}, zero, zero, 1, {"w": np.full(1, 5.0)}, lr=0.1)
        >>> round(float(moved["w"][0]), 6)
        0.9
    """
    m = {path: BETA1 * m[path] + (1 - BETA1) * grads[path] for path in parameters}
    v = {path: BETA2 * v[path] + (1 - BETA2) * grads[path] ** 2 for path in parameters}
    moved: Arrays = {}
    for path, value in parameters.items():
        m_hat, v_hat = m[path] / (1 - BETA1**count), v[path] / (1 - BETA2**count)
        moved[path] = value - lr * m_hat / (np.sqrt(v_hat) + EPS)
    return moved, m, v
