"""Members of a zip archive: by name, never by path, none twice, none of absurd size."""

import errno
import random
import re
import shutil
import stat
import zipfile
from collections import namedtuple

import pytest

from rhelbench.errors import UserError
from rhelbench.tasks import unpack as module
from rhelbench.tasks.prepare import prepare
from rhelbench.tasks.unpack import open_archive, unpack
from tests.tasks.archive import toy_card, uea_zip


def written(path, members, **options):
    with zipfile.ZipFile(path, "w", **options) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return path


def refusal(path):
    """Return the sentence that ends the unpacking of Toy_TEST.ts, of which nothing is written."""
    out = path.parent / "out"
    with open_archive(path) as archive, pytest.raises(UserError) as caught:
        unpack(archive, {"Toy_TEST.ts"}, out)
    assert not out.exists() or not list(out.iterdir())
    return str(caught.value)


def test_members_are_taken_by_name_never_by_path(tmp_path):
    with zipfile.ZipFile(tmp_path / "evil.zip", "w") as evil:
        evil.writestr("deep/in/it/Toy_TRAIN.ts", "good")
        evil.writestr("../Toy_TEST.ts", "evil")
    with open_archive(tmp_path / "evil.zip") as archive:
        unpack(archive, {"Toy_TRAIN.ts"}, tmp_path / "out")
        with pytest.raises(UserError, match=r"'\.\./Toy_TEST\.ts', a path out of the archive"):
            unpack(archive, {"Toy_TEST.ts"}, tmp_path / "out")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["Toy_TRAIN.ts"]
    assert not (tmp_path / "Toy_TEST.ts").exists()
    for name in ("/etc/Toy_TEST.ts", "..\\Toy_TEST.ts", "a/../../Toy_TEST.ts", "C:\\Toy_TEST.ts", "C:/a/Toy_TEST.ts"):
        with zipfile.ZipFile(tmp_path / "evil.zip", "w") as evil:
            evil.writestr(name, "evil")
        with open_archive(tmp_path / "evil.zip") as archive, pytest.raises(UserError, match="a path out of the archive"):
            unpack(archive, {"Toy_TEST.ts"}, tmp_path / "out")
    shutil.rmtree(tmp_path / "out")


def test_folders_of_windows_are_folders(tmp_path):
    with open_archive(written(tmp_path / "a.zip", [("Toy\\Toy_TEST.ts", "good")])) as archive:
        unpack(archive, {"Toy_TEST.ts"}, tmp_path / "out")
    assert (tmp_path / "out/Toy_TEST.ts").read_text() == "good"


def test_two_versions_of_a_file_are_refused_and_two_copies_are_not(tmp_path):
    two = [("old/Toy_TEST.ts", "1"), ("new/Toy_TEST.ts", "2")]
    assert "a.zip holds 'old/Toy_TEST.ts' and 'new/Toy_TEST.ts', which differ" in refusal(written(tmp_path / "a.zip", two))
    copies = [("old/Toy_TEST.ts", "1"), ("new/Toy_TEST.ts", "1")]
    with open_archive(written(tmp_path / "b.zip", copies)) as archive:
        unpack(archive, {"Toy_TEST.ts"}, tmp_path / "out")
    assert (tmp_path / "out/Toy_TEST.ts").read_text() == "1"


def test_two_versions_end_a_preparation(cards, tmp_path):
    toy_card(cards)
    archive = tmp_path / "data/archives/Toy.zip"
    archive.parent.mkdir(parents=True)
    uea_zip(archive)
    with zipfile.ZipFile(archive, "a") as more:
        more.writestr("new/Toy_TRAIN.ts", "another")
    with pytest.raises(UserError, match=r"'Toy_TRAIN\.ts' and 'new/Toy_TRAIN\.ts', which differ"):
        prepare("Toy", tmp_path / "data")
    assert not (tmp_path / "data/prepared/Toy").exists()


def test_a_link_is_refused(tmp_path):
    link = zipfile.ZipInfo("Toy_TEST.ts")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    assert "'Toy_TEST.ts' as a link, not a file" in refusal(written(tmp_path / "a.zip", [(link, "/etc/passwd")]))


def test_an_encrypted_member_is_refused(tmp_path):
    path = written(tmp_path / "a.zip", [("Toy_TEST.ts", "secret")])
    content = bytearray(path.read_bytes())
    content[6] |= 1  # the flag of the local header
    content[content.index(b"PK\1\2") + 8] |= 1  # and of the directory
    path.write_bytes(content)
    assert "'Toy_TEST.ts' encrypted: unpack it with its password" in refusal(path)


def test_a_member_of_absurd_size_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "MODEST", 1000)
    path = written(tmp_path / "a.zip", [("Toy_TEST.ts", "0" * 100_000)], compression=zipfile.ZIP_DEFLATED)
    assert re.search(r"says that \d+ bytes unpack to 100000, more than data do", refusal(path))
    monkeypatch.setattr(module, "LARGEST", 10_000)
    stored = written(tmp_path / "b.zip", [("Toy_TEST.ts", "0" * 100_000)])
    assert "says that 100000 bytes unpack to 100000" in refusal(stored)


def test_files_that_do_not_fit_are_not_begun(tmp_path, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage(10, 7, 3))
    path = written(tmp_path / "a.zip", [("Toy_TEST.ts", "four")])
    assert re.search(r"unpacks to 4 bytes but .*out has room for 3: make room", refusal(path))


def test_an_archive_in_an_archive_is_said(cards, tmp_path):
    toy_card(cards)
    inner = uea_zip(tmp_path / "inner.zip")
    (tmp_path / "data/archives").mkdir(parents=True)
    written(tmp_path / "data/archives/Toy.zip", [("Toy/Toy.zip", inner.read_bytes())])
    with pytest.raises(UserError, match=r"holds Toy/Toy\.zip, a zip archive, and not the files of Toy: use the archive inside"):
        prepare("Toy", tmp_path / "data")


@pytest.mark.parametrize("packing", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_damaged_archive_is_refused_or_unpacks_to_what_was_packed(tmp_path, packing):
    text, rng, refusals = "0.5,1.5:a\n" * 20, random.Random(packing), 0
    whole = written(tmp_path / "whole.zip", [("Toy_TEST.ts", text)], compression=packing).read_bytes()
    for at in range(len(whole)):
        damaged = bytearray(whole)
        damaged[at] = rng.randrange(256)
        damaged[at : at + rng.randrange(2)] = b"x" * rng.randrange(3)
        (tmp_path / "damaged.zip").write_bytes(damaged)
        (tmp_path / "out").mkdir()
        try:
            with open_archive(tmp_path / "damaged.zip") as archive:
                unpack(archive, {"Toy_TEST.ts"}, tmp_path / "out")
            assert [path.read_text() for path in (tmp_path / "out").iterdir()] in ([], [text])
        except UserError:
            refusals += 1
        shutil.rmtree(tmp_path / "out")
    assert refusals > len(whole) // 4


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO])
def test_a_full_or_failing_disk_is_not_called_a_damaged_archive(tmp_path, number):
    path = written(tmp_path / "a.zip", [("Toy_TEST.ts", "text")])
    with pytest.raises(OSError, match="full"), open_archive(path):
        raise OSError(number, "full")
