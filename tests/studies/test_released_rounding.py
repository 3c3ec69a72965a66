"""In single precision the released rule leaves little of the linear model's gradient, the exact rule all of it."""

import numpy as np
import pandas as pd

from rhelbench import config
from rhelbench.stats import quote_gpu, quote_rules
from rhelbench.stats.records import read
from rhelbench.studies import released_rounding
from rhelbench.tasks import card

PUBLISHED = config.CONFIG.parent / "results" / "published"


def test_errors_of_rules_on_a_small_problem():
    names = {"name": "x", "protocol": "released", "tasks": ["BasicMotions"], "models": ["linear-complex"], "algorithms": ["rhel"]}
    (spec,) = config.expand(config.parse(names | {"frameworks": ["torch"], "seeds": [1]}, "a test"))
    shape = card.load("BasicMotions").shape(spec.hyper.time_channel)
    x = np.random.default_rng(0).standard_normal((4, shape.length, shape.channels))
    rows = released_rounding.errors(spec, shape, "torch", x, np.array([0, 1, 2, 3]))
    table = pd.DataFrame(rows, columns=released_rounding.COLUMNS)
    assert set(table.kernel) == set(released_rounding.KERNELS)
    worst = table[table.parameter == "a"].groupby("rule").error.max()
    assert worst["rhel"] < 1e-4
    assert worst["bptt"] < 1e-4
    assert worst["rhel_released"] > 100 * worst["rhel"]


def test_published_errors_say_what_the_page_says():
    table = pd.read_csv(PUBLISHED / "static" / "released_rounding.csv")
    assert len(table) == 2 * 2 * 3 * 2 * 7  # frameworks, kernels, rules, blocks, parameters
    of_A = table[table.parameter == "a"].groupby("rule").error
    assert of_A.min()["rhel_released"] > 0.5
    assert of_A.max()["rhel"] < 1e-4


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
