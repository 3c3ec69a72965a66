"""Blocks of the pages about rules, a GPU, the memory tasks and a second training: what they say is in the published files."""

import pandas as pd

from rhelbench.config import expand
from rhelbench.names import LABELS
from rhelbench.records.collected import read
from rhelbench.records.reproduce import VERDICTS
from rhelbench.report.blocks import gpu, memory, rules, second_training
from rhelbench.training.stopping import Stopping

PUBLISHED = expand.CONFIG.parent / "results" / "published"


def test_training_losses_by_rule():
    page = rules.gap(read(PUBLISHED))
    exact = next(line for line in page.splitlines() if "exact rule" in line)
    assert "1.000 to 1.000" in exact
    assert "0.999 to 0.999" in next(line for line in page.splitlines() if "float64" in line)


def test_delta_held_is_the_gap_of_the_nonlinear_model():
    records = read(PUBLISHED)
    loss = records.history[records.history.step == rules.STEP].set_index("run_id").loss
    runs = records.runs[(records.runs.task == rules.TASK) & (records.runs.framework == "torch")]
    runs = runs.assign(loss=runs.run_id.map(loss)).set_index("seed")
    held = runs[runs.overrides == "delta_trained=False"].loss
    released = runs[runs.overrides.isna() & (runs.model == "nonlinear") & (runs.algorithm == "rhel")].loss
    assert len(held) == 3
    assert (held / released.loc[held.index] - 1).abs().max() < 1e-3


def test_a_gpu_page_has_every_pass():
    page = gpu.passes(read(PUBLISHED))
    assert all(name in page for name in gpu.NAMES.values())


def test_the_second_training_is_counted_in_full():
    runs = pd.read_csv(PUBLISHED / "again.csv")
    table = [
        [word.strip() for word in line.split("|")] for line in second_training.second_training(read(PUBLISHED)).splitlines()[2:]
    ]
    counts = {name: sum(int(row[5 + column]) for row in table) for column, name in enumerate(list(VERDICTS)[:4])}
    assert counts == {name: (runs.verdict == name).sum() for name in counts}
    assert sum(int(row[4]) for row in table) == len(runs) == sum(counts.values())


def test_what_the_memory_matrix_took_is_that_of_its_records():
    """Two cores do at most two hours of runs in an hour."""
    words = memory.elapsed(read(PUBLISHED)).split()
    elapsed, summed = (float(words[words.index("hours", start) - 1]) for start in (0, words.index("hours") + 1))
    assert summed <= 2 * elapsed * 1.01


def test_flags_of_the_memory_tasks_are_counted_by_model():
    """Of the model whose runs have them: the linear one has none on the delay."""
    lines = memory.flagged(read(PUBLISHED)).splitlines()
    rows = pd.read_csv(PUBLISHED / "runs.csv")
    flagged = rows[(rows.task == "delay-500") & (rows["flags"] == "unstable-step")]
    assert set(flagged.model) == {"nonlinear"}
    total = ((rows.task == "delay-500") & (rows.model == "nonlinear")).sum()
    assert f"- delay-500, nonlinear: `unstable-step` in {len(flagged)} of {total} runs" in lines


def test_the_step_without_a_tie_is_what_the_rule_gives_along_the_history():
    records = read(PUBLISHED)
    runs = records.runs[(records.runs.protocol == "released") & (records.runs.status == "early-stopped")]
    changed = {}
    for run in runs.itertuples():
        rule = Stopping(patience=10, higher_is_better=True, keep_last_tie=False)
        for row in records.history[records.history.run_id == run.run_id].sort_values("step").itertuples():
            rule.update(row.step, row.val)
        assert rule.exhausted
        if rule.best_step != run.best_step:
            changed[run.framework, run.seed] = f"{rule.best_step:,}"
    page = [[word.strip() for word in line.split("|")[1:-1]] for line in rules.ties(records).splitlines()[2:] if line]
    names = {LABELS[name]: name for name in ("jax", "torch")}
    assert {(names[row[0].split(", ")[-1]], int(row[1])): row[4] for row in page} == changed
