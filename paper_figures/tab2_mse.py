"""Table 2: test error on PPG-DaLiA, and on any other regression task of the matrix."""

from rhelbench.stats.records import Records
from rhelbench.stats.tables import Table, build


def make(records: Records) -> Table:
    return build(records, "mse", "Table 2: regression tasks")
