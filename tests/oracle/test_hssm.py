"""Whole stacks: every gradient by finite differences, RHEL against BPTT."""

import numpy as np
import pytest

from rhelbench import parameters
from rhelbench.oracle.hssm import gelu, hssm, loss
from rhelbench.oracle.norm import start
from rhelbench.registry import MODELS
from tests.oracle.draws import along, directions, relative_error, spec, task
from tests.tolerances import ECHO, FINITE_DIFFERENCE

TRAINED = [name for name, entry in MODELS.items() if entry.trained]
RECURRENT = [name for name in TRAINED if MODELS[name].hamiltonian]


def test_gelu_is_the_tanh_form_with_its_derivative():
    x = np.linspace(-4, 4, 41)
    value, slope = gelu(x)
    assert value[-1] == pytest.approx(4, abs=1e-3)
    assert relative_error(slope, along(lambda t: gelu(x + t)[0])) < FINITE_DIFFERENCE


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
    values = parameters.initial_parameters(run, shape) | {"input": x}
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
    values = parameters.initial_parameters(spec(model), shape)
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
        out, _, _ = hssm(run, shape, parameters.initial_parameters(run, shape), [start("batch", 3)] * 2, 0, True, x)
        assert out.shape == ((len(y), 3) if kind == "classification" else y.shape)
        assert kind == "classification" or np.all(np.abs(out) < 1)
