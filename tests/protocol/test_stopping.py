import pytest

from rhelbench.protocol.stopping import Stopping

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
