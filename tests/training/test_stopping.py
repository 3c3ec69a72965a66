import json
from dataclasses import asdict

import pytest

from rhelbench.training.stopping import Stopping

#: values, higher is better, patience → kept at, stopped after (number of evaluations), None if never
SEQUENCES = {
    "improves": ([1, 2, 3], True, 1, [0, 1, 2], None),
    "equal keeps but does not reset": ([1, 1, 1], True, 1, [0, 1, 2], 3),
    "one more than the patience": ([5, 4, 3, 2], True, 2, [0], 4),
    "not yet": ([5, 4, 3], True, 2, [0], None),
    "an improvement resets": ([5, 4, 6, 5, 5], True, 1, [0, 2], 5),
    "an error is better when lower": ([3.0, 2.0, 2.5, 2.0, 1.0], False, 3, [0, 1, 3, 4], None),
    "patience ten": ([1] + [0] * 11, True, 10, [0], 12),
}


@pytest.mark.parametrize(("values", "higher", "patience", "kept", "stopped"), SEQUENCES.values(), ids=SEQUENCES)
def test_hand_made_sequences(values, higher, patience, kept, stopped):
    rule = Stopping(patience, higher)
    seen, end = [], None
    for i, value in enumerate(values):
        if rule.update(i, value):
            seen.append(i)
        if rule.exhausted and end is None:
            end = i + 1
    assert (seen, end, rule.best_step) == (kept, stopped, kept[-1])


@pytest.mark.parametrize(("values", "higher", "kept"), [
    ([1, 0, 1], True, [0, 2]),  # a tie that leaves some patience
    ([1, 0, 0, 1], True, [0]),  # a tie that exhausts it
    ([1, 1, 1, 1], True, [0, 1, 2]),
    ([1.0, 2.0, 2.0, 1.0], False, [0]),
    ([1, 0, 0, 2], True, [0, 3]),  # an improvement at the last evaluation
])  # fmt: skip
def test_a_tie_that_exhausts_the_patience_may_be_dropped(values, higher, kept):
    rule = Stopping(2, higher, keep_last_tie=False)
    assert [step for step, value in enumerate(values) if rule.update(step, value)] == kept
    assert rule.best_step == kept[-1]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize("higher", [True, False])
def test_a_value_that_is_not_finite_is_no_improvement(value, higher):
    rule = Stopping(1, higher)
    assert [rule.update(0, value), rule.update(1, 3.0), rule.update(2, value)] == [False, True, False]
    assert (rule.best, rule.best_step, rule.waited) == (3.0, 1, 1)
    assert not rule.update(3, value)
    assert rule.exhausted


def test_a_former_checkpoint_keeps_the_last_tie():
    rule = Stopping(10, True)
    former = json.loads(json.dumps({name: value for name, value in asdict(rule).items() if name != "keep_last_tie"}))
    assert Stopping(**former) == rule
    assert rule.keep_last_tie
