"""The real archives: facts, what their files contain, and the released code's splits."""

import json
import os
from pathlib import Path

import numpy as np
import pytest

from rhelbench.errors import UserError
from rhelbench.tasks.splits import released_permutation, split

SEEDS = (2345, 3456, 4567, 5678, 6789)
pytestmark = pytest.mark.archives


def class_counts(prepared, classes, seed, partitionable=True):
    """Samples per class in the test part of the released code's split."""
    order = prepared.released_order[released_permutation(seed, len(prepared.released_order), partitionable)]
    return np.bincount(prepared.y[order[int(0.85 * len(order)) :]], minlength=classes).tolist()


def test_heartbeat_s_majority_counts_are_the_released_code_s(archives):
    prepared = archives("Heartbeat")
    parts = [prepared.y[split(prepared, "released", seed).test] for seed in SEEDS]
    assert [int((part == 0).sum()) for part in parts] == [41, 41, 44, 43, 44]
    assert {len(part) for part in parts} == {62}


def test_scp1_s_larger_class_counts_are_the_released_code_s(archives):
    prepared = archives("SelfRegulationSCP1")
    parts = [prepared.y[split(prepared, "released", seed).test] for seed in SEEDS]
    assert [int(np.bincount(part).max()) for part in parts] == [46, 49, 51, 51, 48]
    assert {len(part) for part in parts} == {85}


@pytest.mark.parametrize("task", ["Heartbeat", "SelfRegulationSCP1"])
def test_sorted_order_is_numpy_unique_s(archives, task):
    prepared = archives(task)
    # numpy.unique itself, on the leading values that already tell all samples apart
    lead = prepared.x.reshape(len(prepared.x), -1)[:, :200]
    rows, kept = np.unique(lead, axis=0, return_index=True)
    assert len(rows) == len(prepared.x)
    assert np.array_equal(prepared.released_order, kept)


@pytest.mark.parametrize("task", ["Heartbeat", "SelfRegulationSCP1"])
def test_facts(archives, data_dir, task):
    card = archives(task).card
    facts = json.loads((data_dir / f"prepared/{task}/facts.json").read_text())
    for name in ("samples", "archive_samples", "channels", "length", "outputs", "class_counts"):
        assert facts[name] == getattr(card, name)
    assert facts["repeats"]["total"] == facts["missing"] == 0
    assert facts["source"]["packaging"] in [checksum.note for checksum in card.source.checksums]


def test_scp1_s_channels_are_one_signal_advanced_by_six_steps(archives, data_dir):
    x = archives("SelfRegulationSCP1").x
    for channel in range(5):
        assert np.array_equal(x[:, 6:, channel], x[:, :-6, channel + 1])
    home = data_dir / "prepared/SelfRegulationSCP1"
    copies = json.loads((home / "facts.json").read_text())["lagged_copies"]
    assert copies == [{"channel": c, "of": 0, "lag": 6 * c} for c in range(1, 6)]
    assert "Channel c equals channel 0 advanced by 6 c steps" in (home / "facts.html").read_text()


def test_heartbeat_has_no_copies(archives, data_dir):
    archives("Heartbeat")
    assert json.loads((data_dir / "prepared/Heartbeat/facts.json").read_text())["lagged_copies"] == []


def test_ethanol_s_stored_outputs_are_the_frequency_of_one_class(archives):
    """24, 23, 24, 23, 24 of 79: what published models reach is one constant class per split."""
    mirror = os.environ.get("RHELBENCH_MIRROR", "")
    if "://" not in mirror and not (Path(mirror) / "EthanolConcentration.zip").exists():
        pytest.skip("EthanolConcentration.zip is not in RHELBENCH_MIRROR")
    try:
        prepared = archives("EthanolConcentration")
    except UserError as error:
        pytest.skip(str(error))
    published = [24, 23, 24, 23, 24]
    fitting = []
    for partitionable in (True, False):
        counts = [class_counts(prepared, 4, seed, partitionable) for seed in SEEDS]
        assert {sum(row) for row in counts} == {79}
        if all(wanted in row for wanted, row in zip(published, counts, strict=True)):
            fitting.append(partitionable)
    assert fitting
