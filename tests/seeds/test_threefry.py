import jax
import numpy as np
import pytest

from rhelbench.seeds import threefry


@pytest.fixture(params=[True, False], ids=["partitionable", "halves"])
def partitionable(request):
    """Either way of jax, in single precision: a float64 learner in the same process would have turned on the other."""
    with jax.threefry_partitionable(request.param), jax.enable_x64(False):
        yield request.param


@pytest.mark.parametrize("seed", [0, 1, 2345, 6789, 2**31 - 1])
def test_key_split_and_bits_are_jax_s(partitionable, seed):
    ours, theirs = threefry.key(seed), jax.random.PRNGKey(seed)
    assert np.array_equal(ours, theirs)
    for count in (2, 3, 4):
        assert np.array_equal(threefry.split(ours, count, partitionable), jax.random.split(theirs, count))
    for count in (1, 2, 5, 1000):
        assert np.array_equal(threefry.bits(ours, count, partitionable), jax.random.bits(theirs, (count,)))


@pytest.mark.parametrize("n", [1, 2, 5, 236, 561, 3000])
def test_permutation_is_jax_s(partitionable, n):
    for seed in (0, 2345):
        ours = threefry.permutation(threefry.key(seed), n, partitionable)
        assert np.array_equal(ours, jax.random.permutation(jax.random.PRNGKey(seed), n))
