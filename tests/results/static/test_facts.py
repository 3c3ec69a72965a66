"""Every study's published tables name their code and host, and every published figure has its tables."""

import json
from importlib import import_module
from pathlib import Path

import pytest

from rhelbench.registry import FIGURES
from rhelbench.studies import STUDIES

PUBLISHED = Path("results/published/static")


@pytest.mark.parametrize("name", STUDIES)
def test_what_is_published_names_its_code_and_machine(name: str):
    facts = json.loads((PUBLISHED / f"{name}.json").read_text())
    assert facts["study"] == name
    assert len(facts["code_digest"]) == 64
    assert facts["cpu"]
    for table, rows in facts["rows"].items():
        assert len((PUBLISHED / f"{table}.csv").read_text().splitlines()) == rows + 1


def test_every_published_figure_has_its_tables():
    for name in [name for name, source in FIGURES.items() if source == "published"]:
        for table in getattr(import_module(f"paper_figures.{name}"), "TABLES", ()):
            assert (PUBLISHED / f"{table}.csv").exists(), name
