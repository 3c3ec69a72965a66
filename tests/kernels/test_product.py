"""Matrix products inside kernels equal numpy's, whichever library they run in."""

from typing import Any

import numba
import numpy as np
import pytest
from numpy.typing import NDArray

from impl_torch.team import torch_library
from kernels.cpu import product


@pytest.fixture(params=[True, False], ids=["torch", "scipy"])
def products(request: pytest.FixtureRequest) -> Any:
    """Compile a kernel of all four products with a library bound; PyTorch's is bound again afterwards."""
    library = torch_library() if request.param else None
    assert product.bind(library) == request.param
    times, times_transposed = product.times.py_func, product.times_transposed.py_func
    add_times, add_transposed_times = product.add_times.py_func, product.add_transposed_times.py_func
    yield [numba.njit(function) for function in (times, times_transposed, add_times, add_transposed_times)]
    product.bind(torch_library())


def close(found: NDArray[Any], expected: NDArray[Any]) -> bool:
    """Say whether two arrays of order one are equal to rounding."""
    return bool(np.abs(found - expected).max() < 50 * np.finfo(found.dtype).eps)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_products_equal_those_of_numpy(products: Any, dtype: Any) -> None:
    draw = np.random.default_rng(0)
    x, W, y = (draw.normal(size=size).astype(dtype) for size in ((37, 5), (5, 7), (37, 7)))
    times, times_transposed, add_times, add_transposed_times = products
    out = np.full_like(y, np.nan)
    times(x, W, out)
    assert close(out, x @ W)
    out[:] = np.nan
    times_transposed(x, W.T.copy(), out)
    assert close(out, x @ W)
    out = y.copy()
    add_times(x[3:20], W, out[3:20])
    assert close(out[3:20], y[3:20] + x[3:20] @ W)
    assert np.array_equal(out[:3], y[:3])
    assert np.array_equal(out[20:], y[20:])
    total = W.T.copy()
    add_transposed_times(y, x, total)
    assert close(total, W.T + y.T @ x)
