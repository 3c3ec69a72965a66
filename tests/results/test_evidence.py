"""The committed evidence is of today's code: a study or a parity table that is older must be computed again."""

import json
from pathlib import Path

import pytest

from rhelbench.cli.static import code
from rhelbench.cli.verify import parity_digest
from rhelbench.registry import FRAMEWORKS
from rhelbench.studies import STUDIES

PUBLISHED = Path("results/published")


@pytest.mark.parametrize("name", STUDIES)
def test_a_study_is_of_todays_code(name: str) -> None:
    facts = json.loads((PUBLISHED / "static" / f"{name}.json").read_text())
    again = f"python -m rhelbench static {name} --out {PUBLISHED / 'static'}"
    assert facts["code_digest"] == code(name), f"the code of this study has changed since: run `{again}` and commit its tables"


@pytest.mark.parametrize("framework", [name for name, entry in FRAMEWORKS.items() if entry.trains])
def test_the_parity_table_is_of_todays_code(framework: str) -> None:
    found = json.loads((PUBLISHED / "parity.json").read_text())[framework]
    again = f"python -m rhelbench verify --out {PUBLISHED / 'parity.json'}"
    assert found["code_digest"] == parity_digest(framework), f"its code has changed since: run `{again}` and commit it"
