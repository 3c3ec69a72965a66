"""In single precision the released rule loses digits that the exact one keeps."""

import numpy as np
import pandas as pd

from rhelbench.config import expand
from rhelbench.studies import released_rounding
from rhelbench.tasks import card


def test_errors_of_rules_on_a_small_problem():
    names = {"name": "x", "protocol": "released", "tasks": ["BasicMotions"], "models": ["linear"], "algorithms": ["rhel"]}
    (spec,) = expand.expand(expand.parse(names | {"frameworks": ["torch"], "seeds": [1]}, "a test"))
    shape = card.load("BasicMotions").shape(spec.hyper.time_channel)
    x = np.random.default_rng(0).standard_normal((4, shape.length, shape.channels))
    rows = released_rounding.errors(spec, shape, "torch", x, np.array([0, 1, 2, 3]))
    table = pd.DataFrame(rows, columns=released_rounding.COLUMNS)
    assert set(table.kernel) == set(released_rounding.KERNELS)
    worst = table[table.parameter == "a"].groupby("rule").error.max()
    assert worst["rhel"] < 1e-4
    assert worst["bptt"] < 1e-4
    assert worst["rhel_released"] > 100 * worst["rhel"]
