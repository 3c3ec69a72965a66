"""GEMM lower bound of an optimiser step: its matrix products alone, in the framework's own library."""

from collections import Counter
from collections.abc import Callable
from typing import Literal

import numpy as np

from rhelbench.bench.plan import Measurement
from rhelbench.bench.timing import repeat
from rhelbench.contract import OUTPUT_STEP
from rhelbench.registry import MODELS
from rhelbench.tasks import card

#: The three products of y = x Wᵀ, x (rows, a), W (b, a): forward, gradient of x, gradient of W.
Kind = Literal["forward", "input", "weight"]
Product = tuple[Kind, int, int, int]


def products(cell: Measurement) -> Counter[Product]:
    """Return every matrix product of a model's optimiser step as (kind, rows, a, b), with its count."""
    rows, H = cell.batch * cell.length, cell.hidden
    lanes = cell.state * (2 if MODELS[cell.model].paired else 1)
    shape = card.load(cell.task)
    read = cell.batch * (1 if shape.kind == "classification" else cell.length // OUTPUT_STEP)
    layers = [(rows, H, lanes), (rows, lanes, H), (rows, H, H), (rows, H, H)] * cell.blocks + [(read, H, shape.outputs)]
    found: Counter[Product] = Counter((kind, *layer) for layer in layers for kind in ("forward", "input", "weight"))
    found.update([("forward", rows, cell.channels, H), ("weight", rows, cell.channels, H)])  # the gradient of x is not needed
    return found


def gemm_bound_ms(cell: Measurement, product: Callable[[Kind, int, int, int], Callable[[], object]]) -> float:
    """Return the sum of the median times of all products, in ms.

    Args:
        cell: measurement of a whole model.
        product: of a framework's ``bench`` module. Each product is timed as often as the optimiser step, for a
            quarter of its time.
    """
    total = 0.0
    for (kind, rows, a, b), count in products(cell).items():
        call = product(kind, rows, a, b)
        call()
        total += count * float(np.median(repeat(call, cell.calls, cell.seconds / 4)))
    return total
