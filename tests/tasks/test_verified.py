"""What lies on disk is what was prepared, and two processes that prepare one task do not disturb each other."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from rhelbench.errors import UserError
from rhelbench.tasks import checksums, verified
from rhelbench.tasks.prepare import prepare
from rhelbench.tasks.store import load
from tests.tasks.archive import toy_card, uea_zip

ARROW = "prepared/Toy/store/data-00000-of-00001.arrow"


@pytest.fixture
def toy(cards, tmp_path):
    toy_card(cards)
    (tmp_path / "data/archives").mkdir(parents=True)
    uea_zip(tmp_path / "data/archives/Toy.zip")
    prepare("Toy", tmp_path / "data")
    return tmp_path / "data"


def flip(path: Path) -> None:
    """Flip four bytes in the middle, as a bad copy does; size and time stay."""
    content, info = bytearray(path.read_bytes()), path.stat()
    middle = len(content) // 2
    content[middle : middle + 4] = bytes(byte ^ 0x10 for byte in content[middle : middle + 4])
    path.write_bytes(content)
    os.utime(path, ns=(info.st_atime_ns, info.st_mtime_ns))


def test_a_damaged_store_is_refused_and_prepared_anew(toy):
    whole = (toy / ARROW).read_bytes()
    load("Toy", toy)
    flip(toy / ARROW)
    with pytest.raises(
        UserError, match=r"data-00000-of-00001\.arrow is not the file that was prepared .*: run `python -m rhelbench"
    ):
        load("Toy", toy)
    prepare("Toy", toy)
    assert (toy / ARROW).read_bytes() == whole
    assert load("Toy", toy).digest == json.loads((toy / "prepared/Toy/facts.json").read_text())["digest"]


def test_what_an_earlier_version_prepared_is_prepared_anew(toy):
    path = toy / "prepared/Toy/facts.json"
    facts = json.loads(path.read_text())
    path.write_text(json.dumps({name: value for name, value in facts.items() if name not in ("store", "code")}))
    with pytest.raises(UserError, match="was prepared by an earlier version, which did not record its files: run `python -m"):
        load("Toy", toy)
    prepare("Toy", toy)
    assert json.loads(path.read_text()) == facts


def test_the_store_of_another_task_of_the_same_shape_is_refused(toy, cards):
    toy_card(cards, name="Other")
    uea_zip(toy / "archives/Other.zip", name="Other", seed=1)
    prepare("Other", toy)
    shutil.rmtree(toy / "prepared/Toy/store")
    shutil.copytree(toy / "prepared/Other/store", toy / "prepared/Toy/store")
    with pytest.raises(UserError, match="is not the file that was prepared"):
        load("Toy", toy)


def test_what_the_datasets_library_leaves_beside_the_store_is_no_damage(toy):
    from datasets import load_from_disk

    load_from_disk(str(toy / "prepared/Toy/store")).shuffle(seed=1)
    (toy / "prepared/Toy/store/cache-1.arrow").write_bytes(b"")
    assert load("Toy", toy).x.shape == (20, 9, 2)


def test_a_file_is_read_once_per_machine_and_state(toy, monkeypatch):
    load("Toy", toy)
    read = []
    monkeypatch.setattr(verified, "sha256", lambda path: read.append(path.name) or checksums.sha256(path))
    load("Toy", toy)
    assert read == []
    monkeypatch.setattr(verified.socket, "gethostname", lambda: "another-machine")
    load("Toy", toy)
    assert sorted(read) == ["data-00000-of-00001.arrow", "dataset_info.json", "state.json"]
    shutil.copy(toy / ARROW, toy / "copy")  # the same bytes, a new state
    (toy / "copy").replace(toy / ARROW)
    load("Toy", toy)
    assert len(read) == 6


def test_where_nothing_may_be_written_it_is_read_each_time(toy, monkeypatch):
    shutil.rmtree(toy / "prepared/Toy/verified", ignore_errors=True)
    monkeypatch.setattr(verified, "write_atomically", lambda *_: (_ for _ in ()).throw(PermissionError(13, "read-only")))
    assert load("Toy", toy).digest == load("Toy", toy).digest
    flip(toy / ARROW)
    with pytest.raises(UserError, match="is not the file that was prepared"):
        load("Toy", toy)


def test_what_is_prepared_is_left_alone(toy):
    before = {path: path.stat().st_mtime_ns for path in (toy / "prepared/Toy").rglob("*") if path.is_file()}
    prepare("Toy", toy)
    (toy / "archives/Toy.zip").unlink()  # deleted to save room
    prepare("Toy", toy)
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_another_archive_is_prepared(toy):
    digest = load("Toy", toy).digest
    uea_zip(toy / "archives/Toy.zip", seed=5)
    (toy / "archives/Toy.lock.json").unlink()
    prepare("Toy", toy)
    assert load("Toy", toy).digest != digest


@pytest.mark.parametrize("shared", [False, True])
def test_two_preparations_at_once_both_succeed(tmp_path, shared):
    """Two shells, or two clones that share a data folder by a link."""
    folders = [tmp_path / "data", tmp_path / "data"]
    if shared:
        (tmp_path / "data").mkdir()
        (tmp_path / "clone").mkdir()
        (tmp_path / "clone/data").symlink_to(tmp_path / "data")
        folders[1] = tmp_path / "clone/data"
    command = [sys.executable, "-m", "rhelbench", "prepare", "--task", "BasicMotions", "--data"]
    both = [subprocess.Popen([*command, str(folder)], stderr=subprocess.PIPE, text=True) for folder in folders]
    said = [process.communicate()[1] for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert load("BasicMotions", tmp_path / "data").x.shape == (80, 100, 6)
    assert not list((tmp_path / "data").rglob(".partial"))
