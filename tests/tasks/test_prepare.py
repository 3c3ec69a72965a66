"""Preparation from archive to store: what it leaves when it succeeds, and that it leaves nothing when it fails."""

import errno
import hashlib
import json
import os
import signal
import subprocess
import sys
import zipfile

import numpy as np
import pytest

from rhelbench.cli import main
from rhelbench.errors import UserError
from rhelbench.tasks import build, card, splits
from rhelbench.tasks import prepare as prepare_module
from rhelbench.tasks.prepare import prepare
from rhelbench.tasks.readers import uea
from rhelbench.tasks.store import load
from tests.tasks.archive import toy_card, ts_file, uea_parts, uea_zip


@pytest.fixture
def toy(cards, tmp_path):
    """A toy task whose archive lies in place; returns the data folder."""
    toy_card(cards)
    (tmp_path / "data/archives").mkdir(parents=True)
    uea_zip(tmp_path / "data/archives/Toy.zip")
    return tmp_path / "data"


def nothing_half_made(data, task="Toy"):
    assert not (data / "prepared" / task).exists()
    with pytest.raises(UserError, match=f"not prepared.*python -m rhelbench prepare --task {task}"):
        load(task, data)


@pytest.mark.parametrize(("suffix", "folder"), [(".ts", ""), (".arff", ""), (".ts", "Toy/")])
def test_archive_to_store(toy, suffix, folder):
    uea_zip(toy / "archives/Toy.zip", suffix=suffix, folder=folder)
    prepare("Toy", toy)
    prepared = load("Toy", toy)
    x, labels = uea_parts()
    assert np.array_equal(prepared.x, x.transpose(0, 2, 1))
    assert [prepared.classes[label] for label in prepared.y] == labels
    assert prepared.in_test.tolist() == [False] * 12 + [True] * 8
    assert prepared.first.tolist() == [*range(12), 3, *range(13, 20)]
    assert prepared.ids[5] == hashlib.sha256(np.ascontiguousarray(x[5].T).astype("<f4").tobytes()).hexdigest()
    assert prepared.ids[12] == prepared.ids[3]
    facts = json.loads((toy / "prepared/Toy/facts.json").read_text())
    assert facts["samples"] == 19
    assert facts["repeats"] == {"total": 1, "in_both_parts": 1, "with_another_label": 0}
    page = (toy / "prepared/Toy/facts.html").read_text()
    assert "test samples 1 are also in its train part" in page
    assert "data:image/png;base64," in page


def test_repeats_are_in_no_split_but_the_archive_s_own(toy):
    prepare("Toy", toy)
    prepared = load("Toy", toy)
    for kind in ("released", "content_hash"):
        drawn = splits.split(prepared, kind, 1)
        rows = np.concatenate([drawn.train, drawn.val, drawn.test])
        assert sorted(rows) == [row for row in range(20) if row != 12]
    assert splits.split(prepared, "archive", 1).test.tolist() == list(range(12, 20))


def test_a_split_that_leaves_a_part_empty_is_refused(toy, cards):
    toy_card(cards, samples=4, archive_samples="{train: 2, test: 2}")
    x, _ = uea_parts()
    with zipfile.ZipFile(toy / "archives/Toy.zip", "w") as archive:
        archive.writestr("Toy_TRAIN.ts", ts_file("Toy", x[:2], ["a", "b"]))
        archive.writestr("Toy_TEST.ts", ts_file("Toy", x[4:6], ["a", "b"]))
    prepare("Toy", toy)
    for kind, part in (("content_hash", "val"), ("archive", "train")):
        with pytest.raises(
            UserError, match=f"4 distinct samples are too few for the split '{kind}', which leaves none for {part}"
        ):
            splits.split(load("Toy", toy), kind, 1)
    assert [len(getattr(splits.split(load("Toy", toy), "released", 1), part)) for part in splits.PARTS] == [2, 1, 1]


def test_the_store_is_a_described_data_set_opened_without_copying(basic_motions, data_dir):
    from datasets import load_from_disk

    data_set = load_from_disk(str(data_dir / "prepared/BasicMotions/store"))
    assert data_set.info.citation == basic_motions.card.citation
    assert data_set.info.license == basic_motions.card.licence
    state = json.loads((data_dir / "prepared/BasicMotions/store/state.json").read_text())
    assert state["_fingerprint"] == basic_motions.digest[:16]
    assert data_set.features["label"].names == list(basic_motions.classes)
    assert data_set.cache_files
    assert not basic_motions.x.flags.owndata
    assert not basic_motions.x.flags.writeable
    assert basic_motions.x.dtype == np.float32


def test_preparing_twice_gives_the_same_bytes(toy):
    prepare("Toy", toy)
    before = {path: path.read_bytes() for path in (toy / "prepared/Toy").rglob("*") if path.is_file()}
    (toy / "prepared/Toy/facts.json").unlink()
    prepare("Toy", toy)
    assert {path: path.read_bytes() for path in before} == before


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("samples", 20),
        ("channels", 3),
        ("length", 10),
        ("outputs", 3),
        ("archive_samples", "{train: 11, test: 9}"),
        ("class_counts", "{a: 9, b: 10}"),
    ],
)
def test_facts_that_differ_from_the_card_stop(toy, cards, field, value):
    toy_card(cards, **{field: value})
    with pytest.raises(UserError, match=f"Toy: {field} is .* in the files but .* in config/tasks/Toy.yaml"):
        prepare("Toy", toy)
    nothing_half_made(toy)


def test_missing_values_stop(toy):
    x, labels = uea_parts()
    text = ts_file("Toy", x[:12], labels[:12]).replace(repr(float(x[0, 0, 0])), "?")
    with zipfile.ZipFile(toy / "archives/Toy.zip", "w") as archive:
        archive.writestr("Toy_TRAIN.ts", text)
        archive.writestr("Toy_TEST.ts", ts_file("Toy", x[12:], labels[12:]))
    with pytest.raises(UserError, match=r"1 values are missing \(the first: sample 1 of the train part, channel 1, step 1\)"):
        prepare("Toy", toy)
    nothing_half_made(toy)


def write_parts(toy, change):
    """Write the toy's archive with its parts' texts changed."""
    x, labels = uea_parts()
    with zipfile.ZipFile(toy / "archives/Toy.zip", "w") as archive:
        archive.writestr("Toy_TRAIN.ts", change(ts_file("Toy", x[:12], labels[:12])))
        archive.writestr("Toy_TEST.ts", change(ts_file("Toy", x[12:], labels[12:])))


@pytest.mark.parametrize("value", ["inf", "-Infinity", "1e39", "-1.7976931348623157e308", "1e999"])
def test_values_that_single_precision_cannot_hold_stop(toy, recwarn, value):
    x, _ = uea_parts()
    write_parts(toy, lambda text: text.replace(repr(float(x[14, 1, 4])), value))
    where = r"the first: sample 3 of the test part, channel 2, step 5"
    with pytest.raises(UserError, match=rf"Toy: 1 values are infinite or too large for single precision \({where}\)"):
        prepare("Toy", toy)
    assert not recwarn.list
    nothing_half_made(toy)


def test_a_file_cut_at_the_end_of_a_line_is_refused_by_the_card(toy):
    write_parts(toy, lambda text: "".join(text.splitlines(keepends=True)[:-1]))
    with pytest.raises(UserError, match=r"archive_samples is {'train': 11, 'test': 7} in the files but {'train': 12, 'test': 8}"):
        prepare("Toy", toy)
    nothing_half_made(toy)


def test_repeats_counted_against_the_card_are_named(toy, cards):
    toy_card(cards, samples=20)
    with pytest.raises(UserError, match=r"Toy: samples is 19 distinct of 20 in the files but 20 in config/tasks/Toy\.yaml"):
        prepare("Toy", toy)


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [("channels", 3, "channels is 2 in"), ("length", 10, "length is 9 in"), ("kind", "regression", "kind")],
)
def test_sizes_are_compared_before_the_values_are_read(toy, cards, monkeypatch, field, value, said):
    toy_card(cards, **{field: value})
    monkeypatch.setattr(uea, "numbers", None)  # the values are not read
    with pytest.raises(UserError, match=said):
        prepare("Toy", toy)
    nothing_half_made(toy)


def test_lengths_that_differ_are_said_even_where_the_first_is_not_the_card_s(toy, cards):
    toy_card(cards, length=10)
    write_parts(toy, lambda text: text + "1,2:3,4:a\n")
    with pytest.raises(UserError, match=r"line 22, channel 1 has 2 values but line 10 has 9, and samples of different lengths"):
        prepare("Toy", toy)


def test_a_package_s_file_is_not_to_be_deleted(cards, tmp_path):
    toy_card(cards, name="JapaneseVowels", samples=640)
    path = cards / "JapaneseVowels.yaml"
    path.write_text(path.read_text().replace("archive: JapaneseVowels.zip", "package: aeon/datasets/data/JapaneseVowels"))
    path.write_text(path.read_text().replace("channels: 2", "channels: 12"))
    with pytest.raises(UserError, match=r"line 17, channel 1 has 26 values but line 16 has 20.*: use another file or source\.$"):
        prepare("JapaneseVowels", tmp_path)


def test_a_changed_card_asks_for_a_new_preparation(toy, cards):
    prepare("Toy", toy)
    toy_card(cards, title="another")
    with pytest.raises(UserError, match="prepared from another task card"):
        load("Toy", toy)
    prepare("Toy", toy)
    load("Toy", toy)


@pytest.mark.parametrize("text", ["", "{}"])
def test_damaged_facts_ask_for_a_new_preparation(toy, text):
    prepare("Toy", toy)
    (toy / "prepared/Toy/facts.json").write_text(text)
    with pytest.raises(UserError, match=r"facts\.json is damaged .*: delete it and run `python -m rhelbench prepare --task Toy"):
        load("Toy", toy)


@pytest.mark.parametrize("content", [{}, {"Toy_TRAIN.ts": "x"}, {"Toy_TRAIN.ts": "@data\n1,2:a\n1,2,3:b\n", "Toy_TEST.ts": ""}])
def test_an_archive_without_readable_parts_is_refused(toy, content):
    with zipfile.ZipFile(toy / "archives/Toy.zip", "w") as archive:
        for name, text in content.items():
            archive.writestr(name, text)
    with pytest.raises(UserError, match=r"Toy.*(holds neither|can't be read)"):
        prepare("Toy", toy)
    nothing_half_made(toy)


def test_damage_inside_the_archive_is_found(toy):
    content = bytearray((toy / "archives/Toy.zip").read_bytes())
    content[len(content) // 3] ^= 0xFF
    (toy / "archives/Toy.zip").write_bytes(content)
    with pytest.raises(UserError, match=r"is damaged .*delete it and prepare again"):
        prepare("Toy", toy)
    nothing_half_made(toy)


@pytest.mark.parametrize("place", ["rhelbench.tasks.unpack.shutil.copyfileobj", "datasets.Dataset.save_to_disk"])
def test_disk_full(toy, monkeypatch, place):
    def full(*args, **kwargs):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(place, full)
        with pytest.raises(UserError, match=r"Toy could not be prepared in .* \(.*No space left on device\): make room"):
            prepare("Toy", toy)
    nothing_half_made(toy)
    prepare("Toy", toy)
    load("Toy", toy)


KILLED = """
import os, pathlib, signal, sys
from rhelbench.tasks import card, page
from rhelbench.tasks.prepare import prepare
from rhelbench.tasks.readers import uea
card.CARDS = pathlib.Path(sys.argv[1])
page.draw = lambda *args: os.kill(os.getpid(), signal.SIGKILL)
prepare("Toy", sys.argv[2])
"""


def test_a_folder_that_cannot_be_written_is_not_called_full(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match=r"prepared in .*Not a directory.*: check that you may write there"):
        prepare("BasicMotions", tmp_path / "file")


def test_a_killed_process_leaves_no_task_and_the_next_run_succeeds(toy, cards):
    done = subprocess.run([sys.executable, "-c", KILLED, str(cards), str(toy)], timeout=120, check=False)
    assert done.returncode == -signal.SIGKILL
    assert (toy / "prepared/Toy/.partial/store").exists()
    assert not (toy / "prepared/Toy/facts.json").exists()
    with pytest.raises(UserError, match="not prepared"):
        load("Toy", toy)
    prepare("Toy", toy)
    load("Toy", toy)
    assert not (toy / "prepared/Toy/.partial").exists()


def test_a_failure_leaves_the_earlier_store_in_use(toy, monkeypatch):
    prepare("Toy", toy)
    before = load("Toy", toy).digest
    with monkeypatch.context() as patch:
        patch.setattr(prepare_module, "_code", lambda: "of another version")
        patch.setattr(build, "build_samples", lambda *args: (_ for _ in ()).throw(OSError(errno.EIO, "broken")))
        with pytest.raises(UserError, match="broken"):
            prepare("Toy", toy)
    assert load("Toy", toy).digest == before


def test_every_name_is_known_before_the_first_task_is_prepared(toy):
    for command in ("prepare", "download"):
        assert main([command, "--task", "Toy", "--task", "Foo", "--data", str(toy)]) == 2
    assert [path.name for path in toy.iterdir()] == ["archives"]


def test_unknown_format_package_and_task(cards, tmp_path):
    toy_card(cards)
    path = cards / "Toy.yaml"
    path.write_text(path.read_text().replace("format: uea", "format: usa"))
    with pytest.raises(UserError, match=r"Unknown format.*did you mean 'uea'"):
        prepare("Toy", tmp_path)
    path.write_text(path.read_text().replace("usa", "uea").replace("archive: Toy.zip", "package: nowhere_to_be_found/data"))
    with pytest.raises(UserError, match="nowhere_to_be_found, which is not installed"):
        prepare("Toy", tmp_path)
    with pytest.raises(UserError, match=r"Unknown task 'Tory' \(did you mean 'Toy'"):
        prepare("Tory", tmp_path)
    path.write_text(path.read_text().replace("package: nowhere_to_be_found", "package: no.where"))
    with pytest.raises(UserError, match=r"field 'source\.package' is wrong"):
        prepare("Toy", tmp_path)
    path.write_text(path.read_text() + "colour: red\n")
    with pytest.raises(UserError, match="field 'colour' is wrong"):
        prepare("Toy", tmp_path)


def test_every_card_is_valid_and_has_a_reader_or_a_generator():
    from rhelbench.tasks.generators import GENERATORS
    from rhelbench.tasks.readers import READERS

    names = card.task_names()
    assert {"EigenWorms", "SelfRegulationSCP1", "SelfRegulationSCP2", "EthanolConcentration", "Heartbeat", "MotorImagery"} < set(
        names
    )
    for name in names:
        loaded = card.load(name)
        assert loaded.source.format in (GENERATORS if loaded.source.parameters else READERS)
        if loaded.archive_samples and name != "EigenWorms":
            assert sum(loaded.archive_samples.values()) == loaded.samples
        if loaded.class_counts:
            assert sum(loaded.class_counts.values()) == loaded.samples
            assert len(loaded.class_counts) == loaded.outputs


def test_preparation_needs_no_framework(tmp_path):
    code = (
        "import sys\n"
        "from rhelbench.tasks import prepare, store, splits\n"
        f"prepare.prepare('BasicMotions', {str(tmp_path)!r})\n"
        f"p = store.load('BasicMotions', {str(tmp_path)!r})\n"
        "splits.split(p, 'released', 2345)\n"
        "print(*sorted({'jax', 'torch', 'jaxlib', 'tensorflow'} & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
        env={**os.environ, "PYTHONWARNINGS": "default"},
    )
    assert done.stdout.strip() == ""
