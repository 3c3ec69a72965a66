"""Figure 2: six coupled oscillators in continuous time, RHEL against the adjoint state method."""

from collections.abc import Sequence
from importlib import import_module

import numpy as np
import pandas as pd

from rhelbench.toy import IMPLEMENTATIONS, OSCILLATORS, PAIRS, Adjoint, Echo, example

POINTS, EPSILON = 201, 0.5
NUMBERS = range(1, OSCILLATORS + 1)
STATES = [f"{letter}_{i}" for letter in ("phi", "pi") for i in NUMBERS]
PARAMETERS = [f"{letter}_{i}" for letter in ("m", "k") for i in NUMBERS] + [f"k_{i + 1}{j + 1}" for i, j in PAIRS]
#: Components in ``toy``; the differences cover all components.
SHOWN = {"phi_1", "phi_4", "m_4", "k_4", "k_14"}


def compute(
    points: int = POINTS, epsilon: float = EPSILON, implementations: Sequence[str] = tuple(IMPLEMENTATIONS)
) -> dict[str, pd.DataFrame]:
    """Compare RHEL with the adjoint state method (ASM) on the toy system at all times.

    Args:
        points: points in time.
        epsilon: nudge strength ε.
        implementations: names of IMPLEMENTATIONS.

    Returns:
        ``toy``, by the oracle: quantity, component, t (echo time, 0..T), value. Quantities: ``forward`` Φ(−t);
        ``plus``, ``minus`` Φe(t, ±ε); ``costate`` λ; ``contrast`` ΔΦ; ``asm`` g_θ; ``rhel`` Δθ.
        ``toy_differences``: implementation, component (12 states, 27 parameters),
        difference = max_t|RHEL − ASM|, size = max_t|ASM|.

    Source:
        Paper, Theorem 3.1 and figure 2; the system's values are chosen here (``rhelbench.toy.example``).
    """
    system = example()
    times = np.linspace(0, system.duration, points)
    frames, gaps = [], []
    for name in implementations:
        solver = import_module(IMPLEMENTATIONS[name])
        truth, echo = solver.adjoint(system, times), solver.echo(system, times, epsilon)
        gaps.append(_differences(truth, echo).assign(implementation=name))
        if name == "numpy":
            found = {"forward": solver.forward(system, times), "plus": echo.plus, "minus": echo.minus}
            found |= {"costate": truth.costate, "contrast": echo.contrast, "asm": truth.integrand, "rhel": echo.integrand}
            frames += [_long(quantity, values, times) for quantity, values in found.items()]
    columns = ["implementation", "component", "difference", "size"]
    return {"toy": pd.concat(frames, ignore_index=True), "toy_differences": pd.concat(gaps, ignore_index=True)[columns]}


def _long(quantity: str, values: np.ndarray, times: np.ndarray) -> pd.DataFrame:
    names = STATES if values.shape[1] == len(STATES) else PARAMETERS
    wide = pd.DataFrame(values, columns=names).assign(t=times)
    long = wide[[name for name in names if name in SHOWN] + ["t"]].melt("t", var_name="component").assign(quantity=quantity)
    return long[["quantity", "component", "t", "value"]]


def _differences(truth: Adjoint, echo: Echo) -> pd.DataFrame:
    one = np.concatenate([echo.contrast, echo.integrand], axis=1)
    other = np.concatenate([truth.costate, truth.integrand], axis=1)
    gap, size = np.abs(one - other).max(axis=0), np.abs(other).max(axis=0)
    return pd.DataFrame({"component": STATES + PARAMETERS, "difference": gap, "size": size})
