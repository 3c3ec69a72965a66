import numpy as np
import pytest

from rhelbench.errors import UserError
from rhelbench.seeds import generator
from rhelbench.training.batches import Batches
from tests.training.softmax import make_spec


def spec(rule="every_complete", batch=8, **changes):
    return make_spec(hyper={"batch": batch}, switches={"batches": rule}, **changes)


@pytest.mark.parametrize(("rule", "samples", "per_epoch"), [
    ("every_complete", 64, 2), ("drop_further", 64, 1), ("every_complete", 70, 2), ("drop_further", 70, 2),
    ("every_complete", 32, 1), ("drop_further", 32, 1),
])  # fmt: skip
def test_batches_per_epoch(rule, samples, per_epoch):
    assert Batches(spec(rule, batch=32), samples).per_epoch == per_epoch


def test_an_epoch_is_its_streams_permutation_cut_into_batches():
    plan = Batches(spec(), 43).plan(5, 15)
    for epoch in (1, 2):
        expected = generator(f"batches/{epoch}", "BasicMotions", 2345, 2345).permutation(43)[:40]
        assert plan[5 * (epoch - 1) : 5 * epoch].ravel().tolist() == expected.tolist()
    assert plan.dtype == np.int32


def test_any_span_equals_the_same_rows_of_the_whole():
    whole = Batches(spec(), 43).plan(0, 100)
    for start in (99, 3, 50):
        assert np.array_equal(Batches(spec(), 43).plan(start, 100), whole[start:])


def test_framework_and_algorithm_play_no_part():
    other = spec(framework="torch", algorithm="bptt")
    assert np.array_equal(Batches(spec(), 43).plan(0, 20), Batches(other, 43).plan(0, 20))


@pytest.mark.parametrize("rule", ["every_complete", "drop_further"])
def test_a_part_of_one_batch_is_taken_whole_at_each_step(rule):
    assert np.array_equal(np.sort(Batches(spec(rule), 8).plan(0, 3)), [range(8)] * 3)


@pytest.mark.parametrize("rule", ["every_complete", "drop_further"])
def test_a_part_without_one_batch_is_refused(rule):
    with pytest.raises(UserError, match="leaves no batch per epoch in a training part of 31 samples"):
        Batches(spec(rule, batch=32), 31)
