"""PPG-DaLiA end to end on a made archive in the exact file format, window by window against a slow reference."""

import json
import pickle
import tracemalloc

import numpy as np
import pytest

from rhelbench.errors import UserError
from rhelbench.tasks import card as card_module
from rhelbench.tasks import splits
from rhelbench.tasks.prepare import prepare
from rhelbench.tasks.readers import ppg_dalia
from rhelbench.tasks.store import load
from tests.tasks.archive import ppg_zip, subject

#: Steps of a window, targets of a window, strides, in the made task: a fifteenth of the real ones.
LENGTH, TARGETS = 3840, 30
#: Subject to seconds; numbers out of order, so that S10 follows S2.
SECONDS = {1: 640, 10: 701, 2: 530}


REAL = card_module.load("PPG-DaLiA").model_dump()


def small(data, card):
    (data / "archives").mkdir(parents=True, exist_ok=True)
    fields = REAL | {"samples": 3, "length": LENGTH}
    fields["source"] = REAL["source"] | {"checksums": []}
    card.mkdir(parents=True)
    (card / "PPG-DaLiA.yaml").write_text(json.dumps(fields))


@pytest.fixture(scope="module")
def records():
    return {number: subject(number, seconds) for number, seconds in SECONDS.items()}


@pytest.fixture(scope="module")
def prepared(records, tmp_path_factory):
    home = tmp_path_factory.mktemp("ppg")
    small(home / "data", home / "cards")
    ppg_zip(home / "data/archives/PPG-DaLiA.zip", records)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(card_module, "CARDS", home / "cards")
        prepare("PPG-DaLiA", home / "data")
        yield load("PPG-DaLiA", home / "data")


def slow_scale(values, low, high):
    return [2 * (value - low) / (high - low) - 1 for value in values]


def slow_subject(record):
    """Signals (channels of lists) and targets of one subject, by plain loops; the three axes of ACC are one signal."""
    channels = []
    for name, times in (("ACC", 2), ("BVP", 1), ("EDA", 16), ("TEMP", 16)):
        columns = record["signal"]["wrist"][name].T.tolist()
        low, high = min(map(min, columns)), max(map(max, columns))
        for column in columns:
            channels.append(slow_scale([value for value in column for _ in range(times)], low, high))
    rate = record["label"].tolist()
    return channels, slow_scale([rate[0]] * 3 + rate, min(rate), max(rate))


@pytest.fixture(scope="module")
def reference(records):
    return {f"S{number}": slow_subject(record) for number, record in records.items()}


def slow_windows(slow_record, order, aligned):
    """Every window of one subject: part -> list of (signals (L, 6), targets (TARGETS,))."""
    channels, targets = slow_record
    share = {"train": 70, "val": 15, "test": 15}
    found, low = {}, 0
    for part in order:
        high = low + share[part]
        first, last = int(low / 100 * len(targets)), int(high / 100 * len(targets))
        start, stop = int(low / 100 * len(channels[0])), int(high / 100 * len(channels[0]))
        if aligned:
            start, stop = 128 * first, 128 * last
        x = np.array([channel[start:stop] for channel in channels]).T
        y = targets[first:last]
        inputs = [x[at : at + LENGTH] for at in range(0, len(x) - LENGTH + 1, LENGTH // 10)]
        outputs = [y[at : at + TARGETS] for at in range(0, len(y) - TARGETS + 1, TARGETS // 10)]
        found[part] = list(zip(inputs, outputs, strict=False))
        low = high
    return found


def test_facts(prepared):
    assert [recording.name for recording in prepared.recordings] == ["S1", "S2", "S10"]
    assert [recording.steps for recording in prepared.recordings] == [64 * SECONDS[n] for n in (1, 2, 10)]
    assert [recording.targets for recording in prepared.recordings] == [(SECONDS[n] - 8) // 2 + 4 for n in (1, 2, 10)]
    assert prepared.x.min() == -1
    assert prepared.x.max() == 1


@pytest.mark.parametrize("kind", ["released", "content_hash"])
def test_windows_equal_the_slow_reference(prepared, reference, kind):
    seen = set()
    for seed in range(3):
        drawn = splits.split(prepared, kind, seed)
        parts = {part: splits.arrays(prepared, drawn, part, time_channel=False) for part in splits.PARTS}
        ids = splits.to_ids(prepared, drawn)
        at = dict.fromkeys(splits.PARTS, 0)
        for recording in prepared.recordings:
            mine = {part: [name for name in ids[part] if name.startswith(f"{recording.name}+")] for part in splits.PARTS}
            counts = {part: len(names) for part, names in mine.items()}
            assert len({name for names in mine.values() for name in names}) == sum(counts.values())
            slow_record = reference[recording.name]
            fitting = []
            for order in splits.ORDERS:
                slow = slow_windows(slow_record, order, aligned=kind == "content_hash")
                if {part: len(windows) for part, windows in slow.items()} == counts and all(
                    np.allclose(parts[part][0][at[part] + i], window[0], atol=1e-6)
                    and np.allclose(parts[part][1][at[part] + i, :, 0], window[1], atol=1e-6)
                    for part, windows in slow.items()
                    for i, window in enumerate(windows)
                ):
                    fitting.append(order)
            assert len(fitting) == 1
            seen.add(fitting[0])
            for part in splits.PARTS:
                at[part] += counts[part]
        assert all(at[part] == len(parts[part][0]) for part in splits.PARTS)
    assert len(seen) > 2  # the order is drawn per subject and seed


def test_a_signal_is_scaled_by_the_extremes_of_its_whole_recording():
    """The accelerometer by those of its three axes together; what is cut off since another signal is shorter counts too."""
    wrist = {
        "ACC": np.array([[0.0, 1.0, 2.0], [0.0, 1.0, 4.0], [-4.0, 1.0, 0.0]]),
        "BVP": np.array([[0.0], [1.0], [2.0], [3.0]]),
        "EDA": np.array([[5.0]]),
        "TEMP": np.array([[1.0], [2.0]]),
    }
    x, y = ppg_dalia.prepare_subject({"signal": {"wrist": wrist}, "label": np.array([60.0, 100.0, 80.0])}, "S1")
    assert x[:, :3].tolist() == [[0, 0.25, 0.5], [0, 0.25, 0.5], [0, 0.25, 1], [0, 0.25, 1]]
    assert np.allclose(x[:, 3], [-1, -1 / 3, 1 / 3, 1])
    assert x[:, 4].tolist() == [-1] * 4  # a constant
    assert x[:, 5].tolist() == [-1] * 4  # its other value is cut off
    assert y.tolist() == [-1, -1, -1, -1, 1, 0]


def test_cuts_share_no_step(prepared):
    drawn = splits.split(prepared, "released", 7)
    covered = {part: {step for row in getattr(drawn, part) for step in range(row, row + LENGTH)} for part in splits.PARTS}
    assert not covered["train"] & covered["val"]
    assert not covered["train"] & covered["test"]
    assert not covered["val"] & covered["test"]


def test_all_six_orders_are_drawn_and_each_is_the_seed_s(prepared):
    digests = {splits.split(prepared, "released", seed).digest for seed in range(12)}
    assert len(digests) > 6
    assert splits.split(prepared, "released", 3).digest == splits.split(prepared, "released", 3).digest
    assert len(set(splits.ORDERS)) == 6


def test_windows_are_a_view_and_arrays_are_typed(prepared):
    assert prepared.x.base is not None
    assert prepared.x.strides[0] == prepared.x.strides[1]
    x, y = splits.arrays(prepared, splits.split(prepared, "released", 1), "test", time_channel=True)
    assert x.shape[1:] == (LENGTH, 7)
    assert y.shape[1:] == (TARGETS, 1)
    assert x.dtype == y.dtype == np.float32
    assert len(x) == len(y) > 0
    assert np.array_equal(x[0, :, 0], (np.arange(LENGTH) / LENGTH).astype(np.float32))


def test_no_archive_split(prepared):
    with pytest.raises(UserError, match="no train and test parts of its own"):
        splits.split(prepared, "archive", 1)


@pytest.mark.parametrize("dump", [lambda r: pickle.dumps(r, 2), lambda r: pickle.dumps(r, 5)], ids=["protocol 2", "protocol 5"])
def test_inner_archive_and_python_3_pickles(records, prepared, tmp_path, dump):
    ppg_zip(tmp_path / "outer.zip", records, inner=True, dump=dump)
    (tmp_path / "scratch").mkdir()
    raw = ppg_dalia.read(tmp_path / "outer.zip", tmp_path / "scratch", "PPG-DaLiA")
    assert raw.names == ("S1", "S2", "S10")
    joined = np.concatenate(raw.signals)
    assert np.array_equal(joined[:LENGTH], prepared.x[0])
    assert np.array_equal(joined[-LENGTH:], prepared.x[-1])


def test_one_pickle_in_memory_at_a_time(tmp_path):
    heavy = subject(1, 150, chest_hz=700)
    one = sum(array.nbytes for part in heavy["signal"].values() for array in part.values())
    ppg_zip(tmp_path / "a.zip", dict.fromkeys(range(1, 9), heavy))
    tracemalloc.start()
    ppg_dalia.read(tmp_path / "a.zip", tmp_path, "PPG-DaLiA")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 * one  # a pickle's text, its arrays, one copy under way; eight pickles would be 8 and more


@pytest.mark.parametrize(
    "spoil",
    [
        lambda record: record["signal"].pop("wrist"),
        lambda record: record["signal"]["wrist"].pop("EDA"),
        lambda record: record.update(label=[]),
        lambda record: record.update(label=np.array(["fast"])),
        lambda record: record.update(signal=3),
        lambda record: record.update(label=record["label"] + 1j),
        lambda record: record["signal"]["wrist"].update(EDA=np.zeros((0, 1))),
        lambda record: record["signal"]["wrist"].update(EDA=np.zeros((80, 1, 1))),
    ],
)
def test_a_subject_without_what_is_needed_is_refused(tmp_path, spoil):
    record = subject(1, 20)
    spoil(record)
    ppg_zip(tmp_path / "a.zip", {1: record})
    with pytest.raises(UserError, match="Subject S1 lacks wrist signals or heart rate"):
        ppg_dalia.read(tmp_path / "a.zip", tmp_path, "PPG-DaLiA")


def wrist(name, change):
    """Return a change of one wrist signal of a record."""

    def spoil(record):
        record["signal"]["wrist"][name] = change(record["signal"]["wrist"][name])

    return spoil


def at_first(name, value):
    """Return a change of the second value of a signal, or of the label."""

    def spoil(record):
        values = record["label"] if name == "label" else record["signal"]["wrist"][name]
        values[1] = value

    return spoil


@pytest.mark.parametrize(
    ("spoil", "cause"),
    [
        (wrist("BVP", lambda x: x[::2]), r"BVP lasts 50\.0 s at 64 Hz, but the 47 heart rates, one per 2 s, cover 100 s"),
        (wrist("ACC", lambda x: x.repeat(2, axis=0)), r"ACC lasts 200\.0 s at 32 Hz, but the 47 heart rates"),
        (wrist("EDA", lambda x: x[: 4 * 90]), r"EDA lasts 90\.0 s at 4 Hz"),
        (lambda record: record.update(label=record["label"][::2]), r"ACC lasts 100\.0 s at 32 Hz, but the 24 .* cover 54 s"),
        (wrist("ACC", lambda x: x[:, :1]), "ACC has 1 channels instead of 3"),
        (wrist("BVP", lambda x: x.repeat(2, axis=1)), "BVP has 2 channels instead of 1"),
        (at_first("label", np.nan), "1 values of heart rate are missing"),
        (at_first("label", np.inf), "1 values of heart rate are infinite or too large"),
        (at_first("ACC", np.nan), "3 values of ACC are missing"),
        (at_first("TEMP", -1.797e308), "1 values of TEMP are infinite or too large for single precision"),
    ],
)
def test_a_subject_that_is_not_as_recorded_is_refused(tmp_path, recwarn, spoil, cause):
    record = subject(3, 100)
    spoil(record)
    ppg_zip(tmp_path / "a.zip", {3: record})
    with pytest.raises(UserError, match=f"Subject S3: {cause}"):
        ppg_dalia.read(tmp_path / "a.zip", tmp_path, "PPG-DaLiA")
    assert not recwarn.list


def test_some_seconds_more_or_less_are_the_recorder_s(tmp_path):
    record = subject(3, 100)
    wrist("EDA", lambda x: x[: 4 * 93])(record)
    ppg_zip(tmp_path / "a.zip", {3: record})
    assert len(ppg_dalia.read(tmp_path / "a.zip", tmp_path, "PPG-DaLiA").signals[0]) == 64 * 93


@pytest.fixture
def one_subject(cards, tmp_path):
    """Give a function that writes a card of one subject of 640 s, and prepares it."""
    ppg_zip(tmp_path / "source.zip", {1: subject(1, 640)})
    fields = REAL | {"name": "One", "samples": 1, "source": REAL["source"] | {"checksums": []}}

    def get(**changed):
        cards.mkdir(exist_ok=True)
        (cards / "One.yaml").write_text(json.dumps(fields | changed))
        (tmp_path / "data/archives").mkdir(parents=True, exist_ok=True)
        (tmp_path / "data/archives/One.zip").write_bytes((tmp_path / "source.zip").read_bytes())
        prepare("One", tmp_path / "data")
        return load("One", tmp_path / "data")

    return get


@pytest.mark.parametrize("length", [100, 640, 1000, 2000, 3000, 3841])
def test_a_length_that_windows_cannot_follow_is_refused(one_subject, length):
    with pytest.raises(UserError, match=rf"One\.yaml: length is {length}, .*: choose a multiple of 10 x 128 = 1280 steps"):
        one_subject(length=length)


@pytest.mark.parametrize("length", [6400, 12800, 51200])
def test_a_length_longer_than_a_part_is_refused(one_subject, length):
    with pytest.raises(UserError, match=rf"One: a part of subject S1 has 6144 steps but length is {length} .*choose a shorter"):
        one_subject(length=length)


@pytest.mark.parametrize("changed", [{"kind": "classification"}, {"output_step": 64}])
def test_recordings_have_one_kind_of_target(one_subject, changed):
    with pytest.raises(UserError, match=r"One\.yaml: recordings have one target per 128 steps"):
        one_subject(length=LENGTH, **changed)


def test_the_number_of_subjects_is_compared_before_they_are_read(one_subject, monkeypatch):
    monkeypatch.setattr(ppg_dalia.unpickle, "load", None)
    with pytest.raises(UserError, match="samples is 1 in the files but 15"):
        one_subject(length=LENGTH, samples=15)


@pytest.mark.parametrize("length", [1280, 2560, 3840, 5120])
@pytest.mark.parametrize("kind", ["content_hash", "released"])
def test_every_window_s_targets_are_of_its_own_time(one_subject, length, kind):
    """The k-th target of a window is the heart rate at the window's step 128 k, whatever the length."""
    prepared = one_subject(length=length)
    for seed in range(3):
        drawn = splits.split(prepared, kind, seed)
        for part in splits.PARTS:
            rows, targets = getattr(drawn, part), drawn.targets[part]
            assert len(rows) == len(targets) > 0
            # the released cut rounds signals and targets each for themselves
            assert np.abs(rows - 128 * targets).max() <= (0 if kind == "content_hash" else 2 * 128)
            assert prepared.y[targets[0]].shape == (length // 128, 1)


def test_an_archive_without_subjects_is_refused(tmp_path):
    ppg_zip(tmp_path / "a.zip", {})
    with pytest.raises(UserError, match="holds no PPG_FieldStudy"):
        ppg_dalia.read(tmp_path / "a.zip", tmp_path, "PPG-DaLiA")


def test_a_pickle_that_names_a_function_is_refused(tmp_path):
    ppg_zip(tmp_path / "a.zip", {1: 0}, dump=lambda record: b"cos\nsystem\n(S'touch pwned'\ntR.")
    with pytest.raises(UserError, match=r"S1\.pkl is not a pickle of plain arrays \(it names os\.system"):
        ppg_dalia.read(tmp_path / "a.zip", tmp_path, "PPG-DaLiA")
