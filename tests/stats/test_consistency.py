"""Which counts of correct answers the paper's numbers allow."""

from itertools import product

import numpy as np

from rhelbench.records import reported
from rhelbench.stats import consistency
from rhelbench.tasks import card, splits


def test_the_papers_counts():
    sizes = {task: splits.held_out(card.load(task)) for task in reported.order("accuracy")}
    assert sorted(sizes.values()) == [36, 57, 57, 62, 79, 85]
    assert (sizes["EigenWorms"], sizes["Heartbeat"]) == (36, 62)
    assert consistency.counts(0.739, 0.006, 62) == [(45, 46, 46, 46, 46)]
    assert consistency.counts(0.299, 0.006, 79) == [(23, 23, 24, 24, 24)]
    assert consistency.totals(0.7385, 62, 5) == [229]  # 73.87 %: the only multiple of 1/310 that is printed as 73.8 or 73.9
    table = consistency.table(reported.read(), sizes)
    assert table.possible.all()
    assert (table.solutions > 0).all()


def test_counts_against_enumeration():
    found = set(consistency.counts(0.6, 0.1, 10, seeds=3, most=1000))
    brute = set()
    for values in product(range(11), repeat=3):
        accuracies = np.array(values) / 10
        if abs(accuracies.mean() - 0.6) <= 0.0005 + 1e-9 and abs(accuracies.std() - 0.1) <= 0.0005:
            brute.add(tuple(sorted(values)))
    assert found == brute
