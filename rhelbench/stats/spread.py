"""How far equal runs lie apart, as the published results measured it: over seeds, and by the noise floor."""

from dataclasses import dataclass

import pandas as pd

from rhelbench.stats import noise
from rhelbench.stats.records import CELL, Records

#: Fewer seeds than these measure no spread.
LEAST = 3


@dataclass(frozen=True)
class Spread:
    """A standard deviation of the test metric, in its unit, and the runs that it is of."""

    sd: float
    runs: str


def of(records: Records, run_id: str) -> list[Spread]:
    """Return the measured spreads of a published run's cell that are not zero: of its seeds, then its noise floors.

    Args:
        records: the published results.
        run_id: of one of them.
    """
    found = records.runs[records.runs.run_id == run_id]
    if found.empty:
        return []
    cell = found.iloc[0]
    plain, floors = records.plain(), noise.floors(records)
    seeds = _same(plain, cell, [*CELL, "benchmark"]).value.dropna()
    spreads = [Spread(float(seeds.std()), f"the {len(seeds)} published seeds")] if len(seeds) >= LEAST else []
    for _, floor in _same(floors, cell, CELL).iterrows():
        spreads.append(Spread(float(floor.sd), f"{floor.runs} runs with {noise.SOURCES[str(floor.source)]}"))
    return [spread for spread in spreads if spread.sd > 0]


def _same(table: pd.DataFrame, cell: pd.Series, keys: list[str]) -> pd.DataFrame:
    return table[(table[keys] == cell[keys]).all(axis=1)]
