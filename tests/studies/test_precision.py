"""float32 gradients on a short unit."""

import numpy as np

from rhelbench.studies import precision, units


def test_float32_rhel_is_as_good_as_float32_bptt_on_a_short_unit():
    drawn = units.draw("nonlinear", 60, 0.1, draws=5, P=8)
    truth = units.truth(drawn, "torch")
    medians = {}
    for algorithm in ("bptt", "rhel"):
        found = units.errors(units.gradients("torch", drawn, algorithm, "float32", "relative", [1e-5]), truth)
        medians[algorithm] = {name: float(np.median(value)) for name, value in found.items()}
    assert max(medians["rhel"].values()) < precision.ERROR
    assert all(medians["rhel"][name] < 10 * value for name, value in medians["bptt"].items())
