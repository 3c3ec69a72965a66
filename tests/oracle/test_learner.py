"""The oracle as a Learner: the whole contract, as every framework must keep it."""

import subprocess
import sys

import numpy as np
import pytest

from rhelbench import parameters
from rhelbench.errors import UserError
from rhelbench.oracle import adam
from rhelbench.oracle.learner import make_learner, unit_gradients
from rhelbench.registry import MODELS
from tests.oracle.draws import raw_unit, spec, switches, task

TRAINED = [name for name, entry in MODELS.items() if entry.trained]
PLAN = np.array([[0, 1, 2, 3], [4, 1, 0, 2], [3, 2, 1, 4]], dtype=np.int32)


def started(model: str, kind: str = "classification", **changes):
    """Return a learner on drawn data, and the data."""
    run = spec(model, **changes)
    shape, x, y = task(kind)
    learner = make_learner(run, shape)
    learner.init(parameters.initial_parameters(run, shape), dropout_seed=5)
    return learner, learner.put(x), learner.put(y)


@pytest.mark.parametrize("norm", ["batch", "ema_released"])
@pytest.mark.parametrize("model", TRAINED)
def test_a_restored_state_continues_bit_for_bit(model, norm):
    learner, x, y = started(model, norm=norm)
    learner.train_chunk(x, y, PLAN[:1])
    saved = learner.state()
    losses = learner.train_chunk(x, y, PLAN[1:])
    other, _, _ = started(model, norm=norm)
    other.restore(saved)
    np.testing.assert_array_equal(other.train_chunk(x, y, PLAN[1:]), losses)
    for name, value in learner.state().items():
        np.testing.assert_array_equal(other.state()[name], value, err_msg=name)


def test_a_state_has_the_documented_names_and_is_a_copy():
    learner, x, y = started("linear")
    learner.train_chunk(x, y, PLAN)
    state = learner.state()
    paths = set(parameters.initial_parameters(learner.spec, learner.shape))
    expected = {f"{kind}.{path}" for kind in ("parameters", "adam.m", "adam.v") for path in paths}
    expected |= {f"norm.blocks.{i}.{which}" for i in (0, 1) for which in ("mean", "var")}
    assert set(state) == expected | {"adam.count", "norm.count", "dropout.seed"}
    assert (state["adam.count"], state["norm.count"], state["dropout.seed"]) == (3, 3, 5)
    assert all(state[name].dtype == np.int64 for name in ("adam.count", "norm.count", "dropout.seed"))
    before = learner.predict(x)
    for value in state.values():
        value[...] = 7
    np.testing.assert_array_equal(learner.predict(x), before)


@pytest.mark.parametrize("kind", ["classification", "regression"])
def test_looking_changes_nothing(kind):
    learner, x, y = started("nonlinear", kind)
    before = learner.state()
    value, gradients = learner.gradients(x, y)
    learner.predict(x)
    learner.fidelity(x)
    for name, kept in learner.state().items():
        np.testing.assert_array_equal(kept, before[name])
    assert np.isfinite(value)
    assert gradients["input"].shape == x.shape


@pytest.mark.parametrize("model", TRAINED)
def test_training_lowers_the_loss_by_the_gradients_it_reports(model):
    learner, x, y = started(model)
    _, gradients = learner.gradients(x[PLAN[0]], y[PLAN[0]])
    start = learner.state()
    first = learner.train_chunk(x, y, PLAN[:1])
    after = learner.state()
    for path in parameters.initial_parameters(learner.spec, learner.shape):
        # the first step of Adam is the gradient's sign, but for its 1e-8
        moved = after[f"parameters.{path}"] - start[f"parameters.{path}"]
        g = gradients[path]
        np.testing.assert_allclose(moved, -1e-2 * g / (np.abs(g) + 1e-8), rtol=1e-6, atol=1e-12)
    assert learner.train_chunk(x, y, np.repeat(PLAN[:1], 30, axis=0))[-1] < first[0]


def test_adam_forgets_its_start():
    """With a constant gradient the bias correction gives exactly the gradient and its square at every step."""
    values, m, v = {"x": np.array([1.0])}, {"x": np.zeros(1)}, {"x": np.zeros(1)}
    for count in range(1, 6):
        values, m, v = adam.step(values, m, v, count, {"x": np.array([-4.0])}, 0.5)
        np.testing.assert_allclose(values["x"], 1 + 0.5 * count, rtol=1e-8)


def test_fidelity_tells_reversible_from_irreversible():
    reversible, x, _ = started("nonlinear")
    irreversible, _, _ = started("nonlinear", integrator="leapfrog_released")
    stateless, _, _ = started("memoryless")
    assert 0 < reversible.fidelity(x) < 1e-13
    assert irreversible.fidelity(x) > 1e-3
    assert stateless.fidelity(x) == 0


def test_labels_stay_integers_and_inputs_become_float64():
    learner, _, y = started("linear")
    assert np.issubdtype(y.dtype, np.integer)
    assert learner.put(np.ones((1, 2, 2), np.float32)).dtype == np.float64


def test_dropout_is_refused():
    shape, _, _ = task("classification")
    with pytest.raises(UserError, match=r"0\.05: set dropout to 0"):
        make_learner(spec("linear", dropout=0.05), shape)


def test_one_unit_alone():
    raw, u = raw_unit("linear", 3, 4, seed=0), np.random.default_rng(0).standard_normal((6, 2, 3))
    y, gradients = unit_gradients("linear", switches(), raw, u, np.ones_like(u))
    assert y.shape == u.shape
    assert set(gradients) == {*raw, "u"}


def test_facts_name_the_device_and_the_precision():
    learner, _, _ = started("linear")
    assert learner.facts()["device"] == "cpu"
    assert learner.facts()["precision"] == "float64"


def test_the_oracle_needs_neither_framework():
    code = (
        "import sys; import rhelbench.oracle.learner, rhelbench.verify.vectors, rhelbench.oracle.checks;"
        "sys.exit(any(name in sys.modules for name in ('jax', 'torch')))"
    )
    assert subprocess.run([sys.executable, "-c", code], timeout=60, check=False).returncode == 0
