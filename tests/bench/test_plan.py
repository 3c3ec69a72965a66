"""The plan of the benchmarks covers what it is compared with."""

import pandas as pd

from rhelbench.bench import plan, rivals

CELLS = plan.measurements()


def test_every_cell_of_the_released_code_is_measured_in_both_frameworks() -> None:
    cells = pd.DataFrame([cell.key for cell in CELLS if cell.table == plan.MODELS])
    shared = [*rivals.SHAPE, "model", "algorithm"]
    met = rivals.read().merge(cells, on=shared)
    assert (met.groupby(shared).framework.nunique() == 2).all()
    assert len(met.drop_duplicates(shared)) == len(rivals.read()) == 16


def test_a_table_of_units_varies_one_size_alone() -> None:
    for table, cells in pd.DataFrame([cell.key | {"table": cell.table} for cell in CELLS]).groupby("table"):
        varied = [name for name in ("batch", "length", "state") if cells[name].nunique() > 1]
        assert table == plan.MODELS or len(varied) == 1, table
