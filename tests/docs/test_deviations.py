"""docs/deviations.md covers every difference between the two protocols, with the values they have."""

import re
from pathlib import Path

import pytest
import yaml

ROWS = [
    [cell.strip() for cell in line.split("|")[1:-1]]
    for line in (Path(__file__).parents[2] / "docs/deviations.md").read_text().splitlines()
    if re.match(r"\| \d+ +\|", line)
]
PROTOCOLS = {
    name: yaml.safe_load((Path(__file__).parents[2] / f"config/protocols/{name}.yaml").read_text())
    for name in ("released", "exact")
}


def keys(cell: str) -> list[str]:
    """Return the protocol keys that a cell names."""
    return re.findall(r"`([a-z_.]+)`", cell)


def test_there_are_fifteen_rows_in_order():
    assert [row[0] for row in ROWS] == [str(n) for n in range(1, 16)]


def test_every_key_in_which_the_protocols_differ_has_a_row():
    named = {key.split(".")[0] for row in ROWS for key in keys(row[1])}
    named |= {"nudge_separate"} if "nudge" in named else set()
    assert named <= set(PROTOCOLS["released"])
    assert {key for key in PROTOCOLS["released"] if PROTOCOLS["released"][key] != PROTOCOLS["exact"][key]} <= named


@pytest.mark.parametrize(
    "row", [row for row in ROWS if len(keys(row[1])) == 1 and row[2].startswith("`")], ids=lambda row: row[0]
)
def test_a_row_states_the_values_the_protocols_have(row):
    for column, name in ((2, "released"), (3, "exact")):
        value = PROTOCOLS[name]
        for part in keys(row[1])[0].split("."):
            value = value[part]
        assert row[column].strip("`") == str(value)
