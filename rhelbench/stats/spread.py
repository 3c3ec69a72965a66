"""How far equal runs lie apart, as the published results measured it: over seeds, and by the noise floor."""

from dataclasses import dataclass, replace

from rhelbench.stats import noise
from rhelbench.stats.runs import CONFIGURATION, Records

#: Fewer seeds than these measure no spread.
LEAST = 3


@dataclass(frozen=True)
class Spread:
    """How far equal runs lie apart: the standard deviation of their test metric, in its unit, and which runs these are."""

    sd: float
    runs: str


def measured_spreads(records: Records, run_id: str) -> list[Spread]:
    """Return the measured spreads of a published run's cell that are not zero: of its seeds, then its noise floors.

    Args:
        records: the published results.
        run_id: of one of them.
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
