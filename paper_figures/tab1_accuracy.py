"""Table 1: test accuracy of every model, algorithm, framework and protocol on the classification tasks."""

from rhelbench.stats.records import Records
from rhelbench.stats.tables import Table, build


def make(records: Records) -> Table:
    return build(records, "accuracy", "Table 1: classification tasks")
