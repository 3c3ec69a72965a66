"""Spread of equal runs in the published results: over seeds, and as noise floor."""

from dataclasses import dataclass, replace

from rhelbench.stats import noise
from rhelbench.stats.runs import CONFIGURATION, Records

#: Smallest number of seeds for a spread.
LEAST = 3


@dataclass(frozen=True)
class Spread:
    """Spread of equal runs.

    Args:
        sd: standard deviation of their test metric, in its unit.
        runs: description of the runs.
    """

    sd: float
    runs: str


def measured_spreads(records: Records, run_id: str) -> list[Spread]:
    """Return the nonzero spreads of a published run's configuration: of its seeds, then noise floors.

    Args:
        records: the published results.
        run_id: one of their runs.
    """
    runs, keys = records.runs, [*CONFIGURATION, "benchmark"]
    found = runs[runs.run_id == run_id]
    if found.empty:
        return []
    cell = replace(records, runs=runs[(runs[keys] == found[keys].iloc[0]).all(axis=1)])
    seeds = cell.plain().value.dropna()
    spreads = [Spread(float(seeds.std()), f"the {len(seeds)} published seeds")] if len(seeds) >= LEAST else []
    for floor in noise.floors(cell)[["sd", "runs", "source"]].to_dict("records"):
        spreads.append(Spread(float(floor["sd"]), f"{floor['runs']} runs with {noise.SOURCES[str(floor['source'])]}"))
    return [spread for spread in spreads if spread.sd > 0]
