"""Blocks of the pages about rules and about a GPU: what they say is in the published records and benchmarks."""

from rhelbench import config
from rhelbench.stats import quote_gpu, quote_rules
from rhelbench.stats.records import read

PUBLISHED = config.CONFIG.parent / "results" / "published"


def test_training_losses_by_rule():
    page = quote_rules.gap(read(PUBLISHED))
    exact = next(line for line in page.splitlines() if "exact rule" in line)
    assert "1.000 to 1.000" in exact
    assert "0.999 to 0.999" in next(line for line in page.splitlines() if "float64" in line)


def test_delta_held_is_the_gap_of_the_nonlinear_model():
    records = read(PUBLISHED)
    loss = records.history[records.history.step == quote_rules.STEP].set_index("run_id").loss
    runs = records.runs[(records.runs.task == quote_rules.TASK) & (records.runs.framework == "torch")]
    runs = runs.assign(loss=runs.run_id.map(loss)).set_index("seed")
    held = runs[runs.overrides == "delta_trained=False"].loss
    released = runs[runs.overrides.isna() & (runs.model == "nonlinear") & (runs.algorithm == "rhel")].loss
    assert len(held) == 3
    assert (held / released.loc[held.index] - 1).abs().max() < 1e-3


def test_a_gpu_page_has_every_pass():
    page = quote_gpu.passes(read(PUBLISHED))
    assert all(name in page for name in quote_gpu.NAMES.values())
