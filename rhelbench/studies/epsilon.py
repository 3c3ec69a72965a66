"""Gradient error against the nudge ε, by precision, mode, algorithm and length."""

from collections.abc import Iterator, Sequence
from typing import Literal

import numpy as np
import pandas as pd

from rhelbench.studies import units

LENGTHS, DELTA = (100, 1_000, 10_000, 50_000), 0.01
#: Nudges: absolute ε, and relative ρ.
SIZES: dict[Literal["absolute", "relative"], list[float]] = {
    "absolute": [10.0**power for power in range(-4, 7)],
    "relative": [10.0 ** (power / 2) for power in range(-16, 3)],
}
ALGORITHMS = ("rhel", "rhel_separate", "rhel_released")
#: Range of relative nudges for the fit of ε²: five decades, above float64's rounding and below saturation.
FITTED = (1e-6, 1e-1)
KEYS = ["framework", "model", "algorithm", "dtype", "length"]


def compute(
    lengths: Sequence[int] = LENGTHS, algorithms: Sequence[str] = ALGORITHMS, framework: str = "jax"
) -> dict[str, pd.DataFrame]:
    """Measure the gradient error against the nudge, and the slope of their logarithms.

    One unit of 16 channels, δ = 0.01 (not chaotic over 50,000 time steps), drive N(0, 1),
    g ~ N(0, 1)/(32 K), at initial parameters. The reference is BPTT in float64.

    Args:
        lengths: numbers of time steps K.
        algorithms: variants of RHEL.
        framework: a name of FRAMEWORKS.

    Returns:
        ``epsilon``: framework, model, algorithm, dtype, length, mode (absolute, relative; none for bptt),
        size, parameter, error (relative L2). ``epsilon_slopes``: see ``slopes``.
    """
    rows = []
    for K in lengths:
        for model in ("linear", "nonlinear"):
            rows += _unit(framework, model, K, algorithms)
    data = pd.DataFrame(rows, columns=[*KEYS, "mode", "size", "parameter", "error"])
    return {"epsilon": data, "epsilon_slopes": slopes(data)}


def _unit(
    framework: str, model: str, K: int, algorithms: Sequence[str]
) -> Iterator[tuple[str, str, str, str, int, str, float, str, float]]:
    drawn = units.draw(model, K, DELTA)
    truth = units.truth(drawn)
    for dtype in ("float32", "float64"):
        found = units.errors(units.gradients(framework, drawn, "bptt", dtype, "absolute", [1.0]), truth)
        for name, values in found.items():
            yield framework, model, "bptt", dtype, K, "none", float("nan"), name, float(values[0, 0])
        for algorithm in algorithms:
            for mode, sizes in SIZES.items():
                found = units.errors(units.gradients(framework, drawn, algorithm, dtype, mode, sizes), truth)
                for name, values in found.items():
                    for size, error in zip(sizes, values[0], strict=True):
                        yield framework, model, algorithm, dtype, K, mode, size, name, float(error)


def slopes(data: pd.DataFrame) -> pd.DataFrame:
    """Fit log error = exponent · log ρ + constant; theory says 2.

    Only the nonlinear unit's ``rhel`` in float64 with relative nudges over FITTED enters.

    Args:
        data: table ``epsilon``.

    Returns:
        Columns framework, length, parameter, low, high (the range of ρ), exponent, departure (largest
        residual in decades).
    """
    part = data[
        (data.algorithm == "rhel") & (data.dtype == "float64") & (data["mode"] == "relative") & (data.model == "nonlinear")
    ]
    low, high = FITTED
    part = part[part["size"].between(low * 0.99, high * 1.01)]
    rows = []
    for (framework, length, name), own in part.groupby(["framework", "length", "parameter"], sort=False):
        x, y = np.log10(own["size"].to_numpy(float)), np.log10(own.error.to_numpy(float))
        exponent, constant = np.polyfit(x, y, 1)
        rows.append((framework, length, name, low, high, exponent, np.abs(exponent * x + constant - y).max()))
    return pd.DataFrame(rows, columns=["framework", "length", "parameter", "low", "high", "exponent", "departure"])
