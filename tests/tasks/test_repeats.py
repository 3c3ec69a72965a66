import hashlib

import numpy as np
import pytest

from rhelbench.tasks.repeats import content_hash, sorted_distinct


@pytest.mark.parametrize("seed", range(20))
def test_order_is_numpy_unique_s(seed):
    rng = np.random.default_rng(seed)
    x = rng.choice(np.array([-np.inf, -3.5, -1e-40, -0.0, 0.0, 1e-40, 2, 2.0000002, np.inf], "f4"), size=(40, 2, 2))
    rows, kept = np.unique(x.reshape(40, -1), axis=0, return_index=True)
    order, first = sorted_distinct(x)
    assert np.array_equal(x[order].reshape(len(order), -1), rows)
    assert np.array_equal(order, kept)
    assert np.array_equal(x[first], x)
    assert (first <= np.arange(40)).all()
    assert np.array_equal(np.unique(first), np.sort(order))


def test_order_of_real_samples_is_numpy_unique_s(basic_motions):
    _, kept = np.unique(basic_motions.x.reshape(80, -1), axis=0, return_index=True)
    assert np.array_equal(basic_motions.released_order, kept)


def test_content_hash_ignores_layout_and_byte_order():
    sample = np.arange(12, dtype="f4").reshape(4, 3)
    wanted = hashlib.sha256(b"7" + sample.tobytes()).hexdigest()
    assert content_hash(sample, "7") == wanted
    assert content_hash(np.asfortranarray(sample), "7") == wanted
    assert content_hash(sample.astype(">f4"), "7") == wanted
    assert content_hash(sample) != wanted
