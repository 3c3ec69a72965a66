"""The committed parity table is complete and within its tolerances."""

import json
from pathlib import Path

from rhelbench.registry import FRAMEWORKS
from rhelbench.verify import parity
from rhelbench.verify.cases import all_cases

TRAINED = [name for name, entry in FRAMEWORKS.items() if entry.trains]
PARITY = Path("results/published/parity.json")


def test_the_committed_parity_is_complete_and_says_what_is_claimed() -> None:
    """Written by `python -m rhelbench verify --out results/published/parity.json`."""
    measured = json.loads(PARITY.read_text())
    assert set(measured) == set(TRAINED)
    for framework, found in measured.items():
        assert set(found["levels"]) == set(parity.TOLERANCES)
        assert found["provenance"]["device"]
        for level, row in found["levels"].items():
            assert row["passed"], (framework, level)
            assert row["worst"] <= row["allowed"] == parity.TOLERANCES[level]
        assert found["levels"]["gradients"]["cases"] == len(all_cases(framework))
