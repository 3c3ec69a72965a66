"""Units, norm, losses and whole stacks: every gradient by finite differences, RHEL against BPTT through a stack."""

import numpy as np
import pytest

from rhelbench import parameters
from rhelbench.oracle.hru import gather, hru, spread
from rhelbench.oracle.hssm import gelu, hssm, loss
from rhelbench.oracle.norm import normalise, start
from rhelbench.registry import MODELS
from tests.oracle.draws import raw_unit, relative_error, spec, switches, task
from tests.tolerances import ECHO, FINITE_DIFFERENCE, ONE_STEP

TRAINED = [name for name, entry in MODELS.items() if entry.trained]
RECURRENT = [name for name in TRAINED if MODELS[name].hamiltonian]


def along(function, h: float = 5e-5) -> float:
    """Return dF/dt at t = 0, of fourth order."""
    return (8 * (function(h) - function(-h)) - (function(2 * h) - function(-2 * h))) / (12 * h)


def directions(values: dict[str, np.ndarray], seed: int = 0) -> dict[str, np.ndarray]:
    """Draw one direction per array, every entry ±1, so that a directional derivative sees each of them."""
    rng = np.random.default_rng(seed)
    return {name: np.asarray(rng.choice([-1.0, 1.0], np.shape(value))) for name, value in values.items()}


@pytest.mark.parametrize("integrator", ["leapfrog", "leapfrog_released"])
@pytest.mark.parametrize("model", TRAINED)
def test_every_gradient_of_a_unit_is_its_derivative(model, integrator):
    rng = np.random.default_rng(1)
    raw, u, bar = raw_unit(model, 3, 4, seed=1), rng.standard_normal((20, 2, 3)), rng.standard_normal((20, 2, 3))
    entry, chosen = MODELS[model], switches(integrator=integrator, c_squash=2)
    bar_u, gradients = hru(entry, chosen, raw, u)[1](bar)
    assert set(gradients) == set(raw)
    for name, v in directions(raw | {"u": u}).items():

        def total(t, name=name, v=v):
            x = raw | {"u": u}
            x[name] = x[name] + t * v
            return np.sum(bar * hru(entry, chosen, x, x["u"])[0])

        ours = np.sum((bar_u if name == "u" else gradients[name]) * v)
        assert ours == pytest.approx(along(total), rel=FINITE_DIFFERENCE), name


def test_the_paired_unit_is_the_complex_one():
    rng = np.random.default_rng(2)
    raw, u = raw_unit("linear", 3, 4, seed=2), rng.standard_normal((15, 2, 3))
    A, delta = np.maximum(raw["a"], 0), 1 / (1 + np.exp(-raw["s"]))
    B, C = raw["B_re"] + 1j * raw["B_im"], raw["C_re"] + 1j * raw["C_im"]
    phi = pi = np.zeros((2, 4), complex)
    expected = np.empty_like(u)
    for k in range(len(u)):
        third = phi + delta / 2 * pi
        pi = pi - delta * (A * third - u[k] @ B.T)
        phi = third + delta / 2 * pi
        expected[k] = (phi @ C.T).real + raw["D"] * u[k]
    assert relative_error(hru(MODELS["linear"], switches(), raw, u)[0], expected) < ONE_STEP


def test_lanes_share_their_parameters():
    np.testing.assert_array_equal(spread(np.array([1.0, 2.0]), 2), [1, 2, 1, 2])
    np.testing.assert_array_equal(gather(np.array([1.0, 2.0, 10.0, 20.0]), 2), [11, 22])
    assert spread(np.array(3.0), 2) == gather(np.array(3.0), 2) == 3


@pytest.mark.parametrize("model", RECURRENT)
def test_a_step_that_is_not_trained_has_gradient_zero(model):
    raw, u = raw_unit(model, 3, 4, seed=3), np.ones((5, 1, 3))
    free = hru(MODELS[model], switches(), raw, u)[1](u)[1]
    fixed = hru(MODELS[model], switches(delta_trained=False), raw, u)[1](u)[1]
    step = "delta" if "delta" in raw else "s"
    assert np.all(fixed.pop(step) == 0)
    assert np.any(free.pop(step) != 0)
    for name in fixed:
        np.testing.assert_array_equal(fixed[name], free[name])


@pytest.mark.parametrize("kind", ["batch", "ema_released"])
@pytest.mark.parametrize("count", [0, 3])
def test_the_norm_and_its_backward_pass(kind, count):
    rng = np.random.default_rng(4)
    x, bar, v = rng.standard_normal((3, 10, 4, 3)) * 2 + 1
    stored = rng.uniform(1, 2, 3), rng.uniform(1, 2, 3)
    r, kept, backward = normalise(kind, stored, count, True, x)
    share = 1.0 if count == 0 else 0.01
    for new, old, batch in zip(kept, stored, (x.mean((0, 1)), x.var((0, 1))), strict=True):
        np.testing.assert_allclose(new, share * batch + (1 - share) * old, rtol=1e-14)
    used = (x.mean((0, 1)), x.var((0, 1))) if kind == "batch" else kept
    np.testing.assert_allclose(r, (x - used[0]) / np.sqrt(used[1] + 1e-5), rtol=1e-13)
    by_difference = along(lambda t: np.sum(bar * normalise(kind, stored, count, True, x + t * v)[0]))
    assert np.sum(backward(bar) * v) == pytest.approx(by_difference, rel=FINITE_DIFFERENCE)


@pytest.mark.parametrize(("kind", "variance"), [("batch", 1.0), ("ema_released", 0.0)])
def test_inference_uses_what_is_stored_and_stores_nothing(kind, variance):
    x = np.random.default_rng(5).standard_normal((10, 4, 3))
    stored = start(kind, 3)
    r, kept, _ = normalise(kind, stored, 0, False, x)
    assert kept is stored
    np.testing.assert_allclose(r, x / np.sqrt(variance + 1e-5), rtol=1e-14)


def test_gelu_is_the_tanh_form_with_its_derivative():
    x = np.linspace(-4, 4, 41)
    value, slope = gelu(x)
    assert value[-1] == pytest.approx(4, abs=1e-3)
    assert relative_error(slope, along(lambda t: gelu(x + t)[0])) < FINITE_DIFFERENCE


@pytest.mark.parametrize("kind", ["cross_entropy", "log_offset"])
def test_the_losses_and_their_gradients(kind):
    shape, _, y = task("classification")
    out, v = np.random.default_rng(6).standard_normal((2, len(y), 3))
    p = np.exp(out) / np.exp(out).sum(axis=1, keepdims=True)
    value, bar = loss(switches(loss=kind), shape, out, y)
    assert value == pytest.approx(-np.mean(np.log(p[np.arange(len(y)), y] + (1e-8 if kind == "log_offset" else 0))), rel=1e-12)
    by_difference = along(lambda t: loss(switches(loss=kind), shape, out + t * v, y)[0])
    assert np.sum(bar * v) == pytest.approx(by_difference, rel=FINITE_DIFFERENCE)


def test_cross_entropy_survives_a_hopeless_logit_and_the_offset_stops_its_gradient():
    shape, _, _ = task("classification")
    out, y = np.array([[-800.0, 0.0, 0.0]]), np.array([0])
    value, bar = loss(switches(loss="cross_entropy"), shape, out, y)
    assert value == pytest.approx(800 + np.log(2))
    assert bar[0, 0] == pytest.approx(-1)
    value, bar = loss(switches(loss="log_offset"), shape, out, y)
    assert value == pytest.approx(-np.log(1e-8))
    assert bar[0, 0] == 0


STACKS = [
    (model, kind, norm, count)
    for model in TRAINED
    for kind, norm, count in (
        ("classification", "batch", 0),
        ("regression", "ema_released", 2),
        ("classification", "ema_released", 0),
    )
]


@pytest.mark.parametrize(("model", "kind", "norm", "count"), STACKS)
def test_every_gradient_of_a_stack_is_its_derivative(model, kind, norm, count):
    run = spec(model, blocks=2, norm=norm, loss="log_offset" if norm == "ema_released" else "cross_entropy")
    shape, x, y = task(kind)
    values = parameters.initial(run, shape) | {"input": x}
    stored = [(np.full(3, 0.1), np.full(3, 0.8))] * 2

    def value(arrays):
        out, _, backward = hssm(run, shape, arrays, stored, count, True, arrays["input"])
        return loss(run.switches, shape, out, y), backward

    (_, bar), backward = value(values)
    gradients = backward(bar)
    assert set(gradients) == set(values)
    scale = max(abs(np.sum(gradients[name] * v)) for name, v in directions(values).items())
    for name, v in directions(values).items():
        by_difference = along(lambda t: value(values | {name: values[name] + t * v})[0][0])  # noqa: B023
        ours = np.sum(gradients[name] * v)
        assert gradients[name].shape == values[name].shape
        assert ours == pytest.approx(by_difference, rel=FINITE_DIFFERENCE, abs=1e-9 * scale), name


@pytest.mark.parametrize("kind", ["classification", "regression"])
@pytest.mark.parametrize("algorithm", ["rhel", "rhel_separate"])
@pytest.mark.parametrize("model", RECURRENT)
def test_rhel_is_bptt_through_a_whole_stack(model, algorithm, kind):
    shape, x, y = task(kind, length=60)
    values = parameters.initial(spec(model), shape)
    found = {}
    for name in ("bptt", algorithm):
        run = spec(model, algorithm=name)
        out, _, backward = hssm(run, shape, values, [start("batch", 3)] * 2, 0, True, x)
        found[name] = out, backward(loss(run.switches, shape, out, y)[1])
    np.testing.assert_array_equal(found["bptt"][0], found[algorithm][0])
    for name, reference in found["bptt"][1].items():
        assert relative_error(found[algorithm][1][name], reference) < 10 * ECHO[str(MODELS[model].hamiltonian)], name


@pytest.mark.parametrize("model", TRAINED)
def test_a_stack_reads_out_what_its_task_asks_for(model):
    for kind in ("classification", "regression"):
        shape, x, y = task(kind)
        run = spec(model)
        out, _, _ = hssm(run, shape, parameters.initial(run, shape), [start("batch", 3)] * 2, 0, True, x)
        assert out.shape == ((len(y), 3) if kind == "classification" else y.shape)
        assert kind == "classification" or np.all(np.abs(out) < 1)
