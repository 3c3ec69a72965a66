"""Tasks that need memory: what docs/memory-tasks.md proves, shown on drawn samples and on trained models."""

import shutil
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
import yaml

from rhelbench.config import expand
from rhelbench.errors import UserError
from rhelbench.parameters import initial_parameters
from rhelbench.registry import FRAMEWORKS
from rhelbench.spec import RunSpec
from rhelbench.tasks import card, store
from rhelbench.tasks.generators import GENERATORS
from rhelbench.tasks.prepare import prepare
from rhelbench.tasks.splits import PARTS, split
from rhelbench.training import setup
from rhelbench.training.batches import Batches
from rhelbench.training.metrics import Part, evaluate

FAMILIES = ("order", "delay", "product")
GENERATED = [name for name in card.task_names() if card.load(name).source.parameters]


@pytest.fixture
def small(tmp_path, monkeypatch):
    """A copy of the cards, with short ones of the three families added and prepared in ``data``."""
    shutil.copytree("config/tasks", tmp_path / "cards")
    monkeypatch.setattr(card, "CARDS", tmp_path / "cards")

    def make(family: str, length: int = 40, samples: int = 600, **parameters: float) -> str:
        fields = yaml.safe_load(Path(f"config/tasks/{family}-500.yaml").read_text())
        name = f"{family}-{length}"
        fields |= {"name": name, "length": length, "samples": samples}
        if "class_counts" in fields:
            fields["class_counts"] = dict.fromkeys(fields["class_counts"], samples // 2)
        fields["source"]["parameters"] |= {"distance": length // 4} | ({"width": 2} if family == "order" else {}) | parameters
        (tmp_path / "cards" / f"{name}.yaml").write_text(yaml.safe_dump(fields))
        prepare(name, tmp_path / "data")
        return name

    return make


def pooled(x: np.ndarray) -> dict[str, np.ndarray]:
    """Statistics over time that need no memory, each (n,)."""
    product = x[..., 0] * x[..., -1]
    return {"mean": x.mean((1, 2)), "difference": (x[..., 0] - x[..., -1]).mean(1), "square": (x**2).mean((1, 2)),
            "largest": x.max((1, 2)), "product": product.mean(1), "cube": (x[..., 0] ** 3 - x[..., -1] ** 3).mean(1)}  # fmt: skip


def test_every_generator_has_cards_and_every_card_its_generator():
    assert {card.load(name).source.format for name in GENERATED} == set(GENERATORS)
    assert {name.partition("-")[0] for name in GENERATED} == set(FAMILIES)


def test_without_noise_both_orders_hold_the_same_values_and_only_their_order_differs(small, tmp_path):
    prepared = store.load(small("order", noise=1e-9), tmp_path / "data")
    exact = np.abs(prepared.x.round())  # no minus before a zero
    assert len({np.sort(sample, axis=0).tobytes() for sample in exact}) == 1
    start = exact.argmax(axis=1)
    np.testing.assert_array_equal(start[:, 1] - start[:, 0], np.where(prepared.y == 0, 10, -10))
    assert prepared.classes == ("a-first", "b-first")


def test_no_pooled_statistic_separates_the_orders(small, tmp_path):
    prepared = store.load(small("order", samples=4000, noise=0.2), tmp_path / "data")
    pairs = np.count_nonzero(prepared.y == 0) * np.count_nonzero(prepared.y == 1)
    for name, statistic in pooled(prepared.x).items():
        below = np.searchsorted(np.sort(statistic[prepared.y == 0]), statistic[prepared.y == 1]).sum() / pairs
        assert abs(below - 0.5) < 4 * np.sqrt(1 / (12 * 1000)), name  # Mann-Whitney: variance (n₀ + n₁ + 1)/(12 n₀ n₁)


@pytest.mark.parametrize(("family", "variance"), [("delay", (1 - 1 / 4) / 3), ("product", (1 - 2 / 4) / 9)])
def test_targets_are_the_past_and_nothing_of_the_present_predicts_them(family, variance, small, tmp_path):
    prepared = store.load(small(family, samples=2000), tmp_path / "data")
    u, y, D = prepared.x[..., 0], prepared.y[..., 0], 10
    assert prepared.y.shape == (2000, 40, 1)
    if family == "delay":
        np.testing.assert_array_equal(y[:, D:], u[:, :-D])
    else:
        np.testing.assert_array_equal(y[:, 2 * D :], u[:, D:-D] * u[:, : -2 * D])
    assert not y[:, : D if family == "delay" else 2 * D].any()
    assert y.var() == pytest.approx(variance, rel=0.02)
    features = np.stack([u**k for k in range(6)], axis=-1).reshape(-1, 6)
    fit, *_ = np.linalg.lstsq(features, y.reshape(-1), rcond=None)
    assert np.mean((features @ fit - y.reshape(-1)) ** 2) == pytest.approx(variance, rel=0.02)


@pytest.mark.parametrize("framework", [name for name, entry in FRAMEWORKS.items() if entry.trains])
def test_memoryless_is_invariant_under_permutations_of_time(framework, small):
    spec = cell(small("order"), "memoryless", framework)
    shape = card.load(spec.task).shape(time_channel=False)
    learner = import_module(FRAMEWORKS[framework].learner).make_learner(spec, shape)
    learner.init(initial_parameters(spec, shape), 0)
    rng = np.random.default_rng(0)
    x = rng.standard_normal((8, 40, 2)).astype(np.float32)
    shuffled = np.stack([sample[rng.permutation(40)] for sample in x])
    np.testing.assert_allclose(learner.predict(learner.put(shuffled)), learner.predict(learner.put(x)), rtol=1e-5, atol=1e-5)


def cell(task: str, model: str, framework: str = "torch", steps: int = 150) -> RunSpec:
    """Return one run of a small card, with the settings of its family's shortest card."""
    short = {"steps": steps, "state": 16, "chunk_steps": steps, "eval_every": steps}
    (spec,) = expand.expand(expand.parse({
        "name": "small", "protocol": "exact", "tasks": f"{task.partition('-')[0]}-500", "models": model, "algorithms": "bptt",
        "frameworks": framework, "seeds": 1, "overrides": short,
    }, "test"))  # fmt: skip
    return spec.model_copy(update={"task": task, "kernel": "fused"})


@pytest.mark.parametrize("family", FAMILIES)
def test_memory_is_needed(family, small, tmp_path):
    """The baselines are at chance (three standard deviations of the test part); the linear model learns what it can."""
    task, score = small(family, samples=1500 if family == "order" else 600), {}
    for model in ("majority", "memoryless", "linear"):
        spec = cell(task, model)
        problem = setup.load(spec, tmp_path / "data")
        learner = setup.make_learner(spec, problem.shape)
        learner.init(initial_parameters(spec, problem.shape) if model != "majority" else {}, 0)
        x, y = map(learner.put, problem.parts["train"])
        learner.train_chunk(x, y, Batches(spec, len(y)).plan(0, spec.budget.steps))
        x, y = problem.parts["test"]
        score[model] = evaluate(learner, Part(learner.put(x), y)).value
    if family == "order":
        band = 3 * 0.5 / np.sqrt(len(y))
        assert abs(score["memoryless"] - 0.5) < band
        assert score["majority"] == 0.5
        assert score["linear"] > 0.5 + 2 * band
    else:
        assert score["majority"] == pytest.approx(np.var(y), rel=0.01)
        assert score["memoryless"] > 0.97 * np.var(y)
    if family == "delay":
        assert score["linear"] < 0.9 * score["memoryless"]


def test_a_sample_depends_on_its_number_and_its_card_alone(small, tmp_path):
    few = store.load(small("delay", samples=20), tmp_path / "data").x.copy()
    again = store.load(small("delay", samples=40), tmp_path / "data")
    np.testing.assert_array_equal(again.x[:20], few)
    other = store.load(small("delay", length=44, samples=20), tmp_path / "data")
    assert not np.array_equal(other.x[:, :40], few)


def test_a_regression_is_split_like_the_others_and_keeps_its_targets(small, tmp_path):
    prepared = store.load(small("delay"), tmp_path / "data")
    drawn = split(prepared, "content_hash", 3)
    assert [len(getattr(drawn, part)) for part in PARTS] == [420, 90, 90]
    assert sorted(np.concatenate([getattr(drawn, part) for part in PARTS])) == list(range(600))
    assert sorted(np.concatenate([getattr(split(prepared, "released", 3), part) for part in PARTS])) == list(range(600))
    with pytest.raises(UserError, match="no train and test parts of its own"):
        split(prepared, "archive", 3)


def test_wrong_parameters_are_named(small, tmp_path):
    with pytest.raises(UserError, match=r"order-40.yaml: order can't be drawn with source.parameters .*40.0"):
        small("order", distance=40)
    path = tmp_path / "cards/order-40.yaml"
    path.write_text(path.read_text().replace("noise", "nose"))
    with pytest.raises(UserError, match=r"\('noise'\); correct them"):
        prepare("order-40", tmp_path / "data")
    path.write_text(path.read_text().replace("format: order", "format: ordr"))
    with pytest.raises(UserError, match="did you mean 'order'"):
        prepare("order-40", tmp_path / "data")
