"""Tables on a small matrix, on the paper's matrix with most runs missing, and on records with known effects."""

import json

import pytest

from rhelbench.cli import main
from rhelbench.records import collected
from rhelbench.report import tables
from tests.claims import golden
from tests.stats import factory


@pytest.fixture
def small(tmp_path):
    return factory.small(tmp_path)


@pytest.fixture
def big(tmp_path):
    return factory.paper(tmp_path)


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
    assert list(one.wide.columns[4:]) == [*factory.SIZES, "Avg"]
    assert len(one.wide) == len(two.wide) == 12  # 2 models x 2 algorithms x (paper, JAX, PyTorch)
    ours = one.wide[one.wide.source == "JAX"].iloc[0]
    assert ours.Heartbeat == "66.9 ± 1.8 (166/248) [n = 4, 1 failed, 1 time-limit]"
    assert ours.EigenWorms == "missing"
    assert ours.Avg == "–"
    assert one.wide[one.wide.source == "JAX"].iloc[1].Heartbeat == "1 diverged, 4 missing"
    assert set(two.wide["PPG-DaLiA"][two.wide.source != "paper"]) == {"missing"}


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


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    return golden.read(tmp_path_factory.mktemp("golden"))


def test_tables_show_the_failed_and_the_missing_runs(found):
    one, two = tables.build(found, "accuracy"), tables.build(found, "mse")
    ours = one.wide[one.wide.source == "JAX"].set_index(["model", "algorithm"])
    assert ours.EigenWorms["nonlinear", "BPTT"] == "55.6 (20/36) [n = 1, 4 failed]"
    assert ours.SelfRegulationSCP2["nonlinear", "BPTT"] == "53.9 ± 1.5 (123/228) [n = 4, 1 missing]"
    assert ours.Heartbeat["linear", "BPTT"] == "81.9 ± 1.2 (254/310)"
    assert two.wide[two.wide.source == "JAX"]["PPG-DaLiA"].tolist() == ["9.1 ± 0.0", "9.1 ± 0.0"]
    assert two.wide[two.wide.source == "paper"]["PPG-DaLiA"].tolist() == ["7.8 ± 0.5", "8.4 ± 0.5"]
