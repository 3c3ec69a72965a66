"""Figures: known by name, captioned, and clear about what is missing."""

from importlib import import_module
from pathlib import Path

import pandas as pd
import pytest

from paper_figures import scaling
from rhelbench.cli import main
from rhelbench.records import collected
from rhelbench.registry import FIGURES
from tests.stats import factory


@pytest.fixture
def big(tmp_path):
    return factory.paper(tmp_path)


def test_every_figure_is_known_before_the_first_is_drawn(big, tmp_path):
    assert main(["figures", "--collected", str(big), "--out", str(tmp_path / "out"), "--only", "final_metric", "nonsense"]) == 2
    assert not (tmp_path / "out").exists()


def test_figures_of_an_empty_matrix_say_so(tmp_path):
    folder = factory.write(tmp_path / "none", factory.counts("BasicMotions", "linear", "rhel", [None] * 3, 12))
    for name in [name for name, source in FIGURES.items() if source == "records"]:
        figure = import_module(f"paper_figures.{name}").draw(collected.read(folder))
        assert "yet" in figure.axes[0].texts[0].get_text(), name


def test_figures_have_a_caption_each():
    for name in FIGURES:
        assert Path(f"workflows/report/{name}.rst").read_text().strip(), name


def test_benchmarks_are_drawn_when_there_are_any(tmp_path):
    assert "No benchmark" in scaling.draw(scaling.read(tmp_path)).axes[0].texts[0].get_text()
    rows = [
        {"framework": "jax", "model": "linear", "algorithm": algorithm, "length": length, "step_ms": length / 10}
        for algorithm in ("bptt", "rhel")
        for length in (1000, 10_000, 100_000)
    ]
    pd.DataFrame(rows).to_csv(tmp_path / "length.csv", index=False)
    assert "bptt 1.00, rhel 1.00" in scaling.draw(scaling.read(tmp_path)).axes[0].texts[0].get_text()
