"""The lower bound of a step counts its matrix products."""

from importlib import import_module

import numpy as np
import pytest

from rhelbench.bench import gemm_bound, plan
from rhelbench.registry import FRAMEWORKS

CELLS = plan.measurements()


def test_the_floor_counts_every_product_of_a_step() -> None:
    """2 · rows · a · b operations each: the released table's own count, 11, 52, 371 and 430 ms at 205 GFLOP/s."""
    cells = {c.task: c for c in CELLS if c.table == plan.MODELS and c.model == "linear"}
    counted = [
        sum(count * 2 * rows * a * b for (_, rows, a, b), count in gemm_bound.products(cells[task]).items()) / 205e9
        for task in ("Heartbeat", "EigenWorms", "SelfRegulationSCP1", "PPG-DaLiA")
    ]
    np.testing.assert_allclose(counted, [0.011, 0.052, 0.371, 0.430], rtol=0.1)


@pytest.mark.parametrize("framework", [name for name, entry in FRAMEWORKS.items() if entry.bench])
def test_products_are_the_three_of_a_dense_layer(framework: str) -> None:
    product = import_module(str(FRAMEWORKS[framework].bench)).product
    shapes = {kind: tuple(product(kind, 7, 3, 2)().shape) for kind in ("forward", "input", "weight")}
    assert shapes == {"forward": (7, 2), "input": (7, 3), "weight": (2, 3)}
