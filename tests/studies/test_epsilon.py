"""The nonlinear error goes as ρ² at a small length."""

import pandas as pd
import pytest

from rhelbench.registry import FRAMEWORKS
from rhelbench.studies import epsilon

PROBES = [name for name, entry in FRAMEWORKS.items() if entry.probe]


def square(slopes: pd.DataFrame) -> bool:
    """Over at least four decades every parameter's exponent is 2 to 2 %, and no point is off the line by a quarter decade."""
    decades = (slopes.high / slopes.low).min() >= 1e4
    return bool(decades and (slopes.exponent - 2).abs().max() < 0.04 and slopes.departure.max() < 0.25)


@pytest.mark.parametrize("framework", PROBES)
def test_the_error_goes_as_the_square_of_the_nudge(framework: str):
    slopes = epsilon.slopes(epsilon.compute(lengths=(60,), algorithms=("rhel",), framework=framework)["epsilon"])
    assert set(slopes.parameter) == {"alpha", "w", "b", "c_tilde", "delta", "f", "f_B"}
    assert square(slopes)
