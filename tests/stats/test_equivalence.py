"""The sign-flip test against enumeration."""

from itertools import product

import numpy as np

from rhelbench.stats import equivalence


def test_sign_flips_are_exact():
    rng = np.random.default_rng(0)
    for n in (1, 3, 7):
        d = rng.normal(0.3, 1, n)
        sums = [np.dot(signs, d) for signs in product((1, -1), repeat=n)]
        assert equivalence.sign_flip_test(d) == np.mean(np.array(sums) >= d.sum() - 1e-12)
    assert equivalence.sign_flip_test(np.ones(5)) == 1 / 32
    assert np.isnan(equivalence.sign_flip_test(np.ones(30)))
