"""Regressions in .ts: targets as written, prepared, split, trained in both frameworks; what does not fit is refused."""

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest

from rhelbench.cli import main
from rhelbench.errors import UserError
from rhelbench.tasks import card, splits
from rhelbench.tasks.prepare import prepare
from rhelbench.tasks.store import load
from tests.tasks.archive import toy_card, ts_file, uea_parts

#: Task to samples, distinct samples, channels and length (facts of the packages' files).
PACKAGED = {
    "CardanoSentiment": ("aeon", 107, 107, 2, 24),
    "Covid3Month": ("aeon", 201, 198, 1, 84),
    "Tecator": ("sktime", 240, 240, 1, 100),
}


def packaged(cards, task, **changed):
    package, total, distinct, channels, length = PACKAGED[task]
    pytest.importorskip(package, reason=f"{package}, which carries the files, is not installed")
    fields = {"kind": "regression", "samples": distinct, "channels": channels, "length": length, "outputs": 1} | changed
    toy_card(cards, task, **fields)
    path = cards / f"{task}.yaml"
    text = path.read_text().replace(f"archive: {task}.zip", f"package: {package}/datasets/data/{task}")
    path.write_text("".join(line for line in text.splitlines(keepends=True) if not line.startswith("archive_samples")))
    return total


def written(task, part):
    """Return the targets as the file's text says."""
    import aeon

    with (Path(aeon.__path__[0]) / f"datasets/data/{task}/{task}_{part}.ts").open(encoding="utf-8") as file:
        return [float(line.rsplit(":", 1)[1]) for line in file if line[0] not in "#@\n"]


@pytest.mark.parametrize("task", ["CardanoSentiment", "Covid3Month"])
def test_targets_are_the_files_and_splits_cover_the_distinct_samples(cards, tmp_path, task):
    total = packaged(cards, task)
    prepare(task, tmp_path)
    prepared = load(task, tmp_path)
    assert prepared.y[:, 0, 0].tolist() == np.float32(written(task, "TRAIN") + written(task, "TEST")).tolist()
    assert prepared.y.shape == (total, 1, 1)
    assert prepared.card.output_step == prepared.card.length
    assert not prepared.classes
    for kind in ("content_hash", "released"):
        drawn = splits.split(prepared, kind, 1)
        assert sum(len(getattr(drawn, part)) for part in splits.PARTS) == PACKAGED[task][2]
        x, y = splits.arrays(prepared, drawn, "test", time_channel=True)
        assert np.array_equal(y, prepared.y[drawn.test])
        assert len(x) == len(y)
    facts = json.loads((tmp_path / f"prepared/{task}/facts.json").read_text())
    assert facts["archive_samples"] == {part.lower(): len(written(task, part)) for part in ("TRAIN", "TEST")}
    assert facts["repeats"]["total"] == total - PACKAGED[task][2]
    assert facts["target_variance"] == pytest.approx(np.var(written(task, "TRAIN") + written(task, "TEST")), rel=1e-5)


def test_tecator_is_brought_to_the_card_s_range(cards, tmp_path):
    packaged(cards, "Tecator")
    with pytest.raises(UserError, match=r"targets reach from 0\.9 to 58\.5, .* target_range: \[0\.9, 58\.5\]"):
        prepare("Tecator", tmp_path)
    packaged(cards, "Tecator", target_range=[0.9, 49.1])
    prepare("Tecator", tmp_path)
    y = load("Tecator", tmp_path).y
    assert [y.min(), y.max()] == [-1, 1]


@pytest.mark.parametrize("framework", ["jax", "torch"])
def test_a_regression_is_trained(cards, tmp_path, monkeypatch, framework):
    from rhelbench.config import expand

    monkeypatch.setenv("WANDB_MODE", "disabled")
    toy_card(cards, "delay-100", kind="regression")  # whose row of hyperparameters is taken
    packaged(cards, "CardanoSentiment")
    prepare("CardanoSentiment", tmp_path)
    small = {"hidden": 8, "state": 4, "blocks": 1, "batch": 16, "steps": 20, "eval_every": 10, "chunk_steps": 10}
    values = {}
    for model in ("linear-complex", "majority"):
        matrix = {"name": "small", "protocol": "exact", "tasks": "delay-100", "models": model}
        matrix |= {"algorithms": "rhel", "frameworks": framework, "seeds": 2345, "overrides": small}
        spec = expand.expand(expand.parse(matrix, "test"))[0].model_copy(update={"task": "CardanoSentiment"})
        where = [f"--{name}={tmp_path / folder}" for name, folder in (("data", ""), ("results", "r"), ("scratch", "s"))]
        assert main(["train", "--threads", "1", "--spec", spec.canonical_json(), *where]) == 0
        result = json.loads((tmp_path / "r" / spec.run_id / "record.json").read_text())["result"]
        assert result["status"] == "done"
        values[model] = result["value"]
    prepared = load("CardanoSentiment", tmp_path)
    drawn = splits.split(prepared, spec.switches.split, 2345)
    expected = np.mean((prepared.y[drawn.test] - prepared.y[drawn.train].mean()) ** 2)
    assert values["majority"] == pytest.approx(expected, rel=1e-5)
    assert np.isfinite(values["linear-complex"])


@pytest.fixture
def toy(cards, tmp_path):
    """Give a function that writes a regression of the toy's signals with these targets, and its card."""
    (tmp_path / "data/archives").mkdir(parents=True)
    x, _ = uea_parts()

    def write(targets, **fields):
        toy_card(cards, **({"kind": "regression", "outputs": 1} | fields))
        texts = [ts_file("Toy", x[at], targets[at]) for at in (slice(12), slice(12, None))]
        with zipfile.ZipFile(tmp_path / "data/archives/Toy.zip", "w") as archive:
            for part, text in zip(("TRAIN", "TEST"), texts, strict=True):
                head, _, rows = text.partition("@classLabel")
                archive.writestr(f"Toy_{part}.ts", f"{head}@targetLabel true\n@data\n" + rows.partition("@data\n")[2])
        return tmp_path / "data"

    return write


TARGETS = [str(0.05 * i - 0.5) for i in range(20)]


def refusal(data):
    """Return the sentence that ends a preparation, which leaves nothing behind."""
    with pytest.raises(UserError) as caught:
        prepare("Toy", data)
    assert not (data / "prepared/Toy").exists()
    return str(caught.value)


def test_kind_and_files_must_agree(toy, cards):
    data = toy(TARGETS, kind="classification")
    assert "Toy: kind is regression in the files but classification in config/tasks/Toy.yaml" in refusal(data)


@pytest.mark.parametrize(
    ("value", "cause"), [("?", "missing"), ("nan", "missing"), ("inf", "infinite"), ("-1.797e308", "infinite")]
)
def test_targets_that_no_model_accepts_stop(toy, recwarn, value, cause):
    said = refusal(toy([*TARGETS[:13], value, *TARGETS[14:]]))
    assert f"1 targets are {cause}" in said
    assert "(the first: sample 2 of the test part)" in said
    assert not recwarn.list


def test_targets_beyond_what_a_model_answers_need_a_range(toy):
    beyond = [*TARGETS[:5], "40.5", *TARGETS[6:]]
    said = refusal(toy(beyond))
    assert "targets reach from -0.5 to 40.5, " in said
    assert "target_range: [-0.5, 40.5]" in said
    data = toy(beyond, target_range=[-9.5, 40.5])
    prepare("Toy", data)
    y = load("Toy", data).y[:, 0, 0]
    assert y[5] == 1
    assert y[0] == pytest.approx(2 * (-0.5 + 9.5) / 50 - 1)
    for wrong in ([1, 1], [2, 1]):
        toy(beyond, target_range=wrong)
        with pytest.raises(UserError, match=r"target_range must be a lower and a higher number"):
            card.load("Toy")


def test_an_output_step_that_asks_for_more_targets_is_refused(toy):
    said = refusal(toy(TARGETS, output_step=3))
    assert "1 targets per sample but output_step 3 of config/tasks/Toy.yaml asks for 3 in 9 steps" in said


def test_equal_targets_are_said_on_the_page(toy):
    data = toy(["0.25"] * 20)
    prepare("Toy", data)
    assert "All targets are equal" in (data / "prepared/Toy/facts.html").read_text()
