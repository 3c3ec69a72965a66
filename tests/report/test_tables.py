"""Tables and figures on a small matrix and on the paper's matrix with most runs missing."""

import json
from importlib import import_module
from pathlib import Path

import pandas as pd
import pytest

from paper_figures import scaling
from rhelbench.cli import main
from rhelbench.errors import UserError
from rhelbench.records import collected, reported
from rhelbench.registry import FIGURES
from rhelbench.report import summary, tables
from rhelbench.stats.configurations import summarise
from tests.stats import factory

SIZES = {
    "EigenWorms": 36, "SelfRegulationSCP1": 85, "SelfRegulationSCP2": 57,
    "EthanolConcentration": 79, "Heartbeat": 62, "MotorImagery": 57,
}  # fmt: skip


@pytest.fixture
def small(tmp_path):
    rows = factory.counts("BasicMotions", "linear", "bptt", [12, 11, 12], 12)
    return factory.write(tmp_path / "small", rows + factory.counts("BasicMotions", "linear", "rhel", [12, 12, 12], 12))


@pytest.fixture
def big(tmp_path):
    rows = []
    for model in ("linear-complex", "nonlinear"):
        for algorithm in ("bptt", "rhel"):
            for framework in ("jax", "torch"):
                where = {"framework": framework, "protocol": "released"}
                for task, total in SIZES.items():
                    rows += factory.counts(task, model, algorithm, [None] * 5, total, **where)
                rows += [factory.run("PPG-DaLiA", model, algorithm, s, status="missing", **where) for s in factory.SEEDS]
    heart = [row for row in rows if row["task"] == "Heartbeat" and row["framework"] == "jax"]
    for row, correct in zip(heart[:4], (40, 41, 42, 43), strict=True):
        row.update(correct=correct, total=62, value=correct / 62, status="early-stopped")
    heart[3]["status"], heart[4]["status"] = "time-limit", "failed"
    heart[5]["status"], heart[5]["value"] = "diverged", 0.5
    return factory.write(tmp_path / "big", rows)


def test_a_cell_is_mean_and_population_sd_with_its_counts(small):
    cell = summarise(collected.read(small)).iloc[0]
    assert cell["mean"] == pytest.approx(35 / 36)
    assert cell.sd == pytest.approx((2 / 9) ** 0.5 / 12)
    assert (cell.correct, cell.total, cell.n, cell.expected) == (35, 36, 3, 3)


def test_small_matrix_has_its_own_columns_only(small):
    table = tables.build(collected.read(small), "accuracy")
    assert list(table.wide.columns) == ["model", "algorithm", "source", "protocol", "BasicMotions"]
    assert list(table.wide.BasicMotions) == ["97.2 ± 3.9 (35/36)", "100.0 ± 0.0 (36/36)"]
    assert tables.build(collected.read(small), "mse").wide.empty


def test_cells_with_a_switch_turned_are_printed_only_where_there_are_no_others(tmp_path):
    rows = [row | {"overrides": ""} for row in factory.counts("BasicMotions", "linear", "rhel", [12, 12, 12], 12)]
    turned = [row | {"overrides": "norm=ema_released", "run_id": row["run_id"] + "x"} for row in rows]
    both = tables.build(collected.read(factory.write(tmp_path, rows + turned)), "accuracy")
    assert list(both.wide.protocol) == ["exact"]
    alone = tables.build(collected.read(factory.write(tmp_path, turned)), "accuracy")
    assert list(alone.wide.protocol) == ["exact+norm=ema_released"]


def test_every_cell_of_the_paper_is_there_and_says_what_it_lacks(big):
    found = collected.read(big)
    one, two = tables.build(found, "accuracy"), tables.build(found, "mse")
    assert list(one.wide.columns[4:]) == [*SIZES, "Avg"]
    assert len(one.wide) == len(two.wide) == 12  # 2 models x 2 algorithms x (paper, JAX, PyTorch)
    ours = one.wide[one.wide.source == "JAX"].iloc[0]
    assert ours.Heartbeat == "66.9 ± 1.8 (166/248) [n = 4, 1 failed, 1 time-limit]"
    assert ours.EigenWorms == "missing"
    assert ours.Avg == "–"
    assert one.wide[one.wide.source == "JAX"].iloc[1].Heartbeat == "1 diverged, 4 missing"
    assert set(two.wide["PPG-DaLiA"][two.wide.source != "paper"]) == {"missing"}


def test_the_papers_average_column_follows_from_its_cells():
    paper = reported.read()
    for _, rows in paper[paper.metric == "accuracy"].groupby(["model", "algorithm"]):
        tasks, average = rows[rows.task != "average"], rows[rows.task == "average"].iloc[0]
        assert tasks["mean"].mean() == pytest.approx(average["mean"], abs=0.0011)
        assert tasks.sd.mean() == pytest.approx(average.sd, abs=0.0011)


def test_the_terminal_table_fits_and_counts_what_waits(small, big):
    for folder in (small, big):
        text = summary.terminal(collected.read(folder))
        assert max(map(len, text.splitlines())) <= summary.WIDTH
    assert "54 of 56 cells have no run yet." in text


def test_the_commands_write_every_file_and_repeat_them_to_the_byte(big, tmp_path):
    for name in ("one", "two"):
        assert main(["tables", "--collected", str(big), "--out", str(tmp_path / name)]) == 0
    drawn = ["learning_curves", "final_metric", "forest", "parity", "profile"]
    assert main(["figures", "--collected", str(big), "--out", str(tmp_path / "one"), "--only", *drawn]) == 0
    assert main(["figures", "--collected", str(big), "--out", str(tmp_path / "two"), "--only", "final_metric"]) == 0
    tables = {f"table{k}.{s}" for k in (1, 2) for s in ("csv", "md", "tex")} | {"summary.csv", "summary.txt"}
    assert tables <= {path.name for path in (tmp_path / "one").iterdir()}
    for path in (tmp_path / "two").iterdir():
        assert path.read_bytes() == (tmp_path / "one" / path.name).read_bytes(), path.name
    sidecar = json.loads((tmp_path / "one" / "learning_curves.json").read_text())
    assert str(big / "runs.csv") in sidecar["inputs"]


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


def test_wrong_records_are_refused_in_one_sentence(small, tmp_path):
    with pytest.raises(UserError, match="collect"):
        collected.read(tmp_path / "nowhere")
    path = Path(small) / "runs.csv"
    runs = pd.read_csv(path)
    runs.assign(value=runs.value * 100).to_csv(path, index=False)
    with pytest.raises(UserError, match="fractions"):
        collected.read(small)
    runs.assign(status="finished").to_csv(path, index=False)
    with pytest.raises(UserError, match="finished"):
        collected.read(small)
    runs.drop(columns="seed").to_csv(path, index=False)
    with pytest.raises(UserError, match="seed"):
        collected.read(small)
