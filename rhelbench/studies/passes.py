"""Three passes and no Jacobian: cost of one gradient, counted for units of different sizes."""

from collections.abc import Sequence

import pandas as pd

from rhelbench.studies.single_unit import SECOND, estimate

LENGTH, SIZES = 200, (1, 8, 64, 512)


def compute(length: int = LENGTH, sizes: Sequence[int] = SIZES) -> dict[str, pd.DataFrame]:
    """Count the oracle's calls for one gradient by BPTT and by two separate echoes.

    Args:
        length: time steps K.
        sizes: numbers of channels P.

    Returns:
        ``passes``: algorithm, model, channels, parameters, length. ``passes``: calls of ``step`` per time step.
        ``forces``, ``second``: calls of the Hamiltonian's first and second derivatives.
    """
    rows = []
    for model in ("linear", "nonlinear"):
        for algorithm in ("bptt", "rhel_separate"):
            for P in sizes:
                gradients, energy, steps = estimate(algorithm, model, length, P)
                count = sum(value.size for value in gradients.theta.values()) + gradients.delta.size
                second = sum(energy[name] for name in SECOND)
                rows.append((algorithm, model, P, count, length, steps["step"] / length, energy["force"], second))
    columns = ["algorithm", "model", "channels", "parameters", "length", "passes", "forces", "second"]
    return {"passes": pd.DataFrame(rows, columns=columns)}
