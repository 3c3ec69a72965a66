"""Every way a download can fail ends in one sentence, leaves nothing, and the next attempt succeeds."""

import errno
import json
from hashlib import sha256

import pytest

from rhelbench.errors import UserError
from rhelbench.tasks import card as card_module
from rhelbench.tasks import checksums
from rhelbench.tasks.download import RETRIES, fetch
from tests.tasks.archive import toy_card, uea_zip


@pytest.fixture
def archive(tmp_path):
    (tmp_path / "mirror").mkdir()
    return uea_zip(tmp_path / "mirror" / "Toy.zip")


def refused(card, data, match, mirrors=()):
    with pytest.raises(UserError, match=match) as caught:
        fetch(card, data, mirrors)
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert sentence.endswith(".")
    assert [path for path in data.rglob("*") if path.is_file() and path.name != "Toy.lock.json"] == []
    assert list(data.glob("archives/.*")) == []
    return sentence


def listed(*archives):
    return ", ".join(f"{{sha256: {sha256(archive.read_bytes()).hexdigest()}, note: good}}" for archive in archives)


def toy(cards, **fields):
    toy_card(cards, **fields)
    return card_module.load("Toy")


def test_folder_mirror_by_environment_and_by_argument(cards, archive, tmp_path, monkeypatch):
    card = toy(cards, checksums=listed(archive))
    by_argument = fetch(card, tmp_path / "a", [str(archive.parent)])
    monkeypatch.setenv("RHELBENCH_MIRROR", str(archive.parent))
    by_environment = fetch(card, tmp_path / "b")
    assert by_argument.read_bytes() == by_environment.read_bytes() == archive.read_bytes()
    assert not (tmp_path / "a/archives/Toy.lock.json").exists()


@pytest.mark.parametrize("form", ["file://{}", "file://localhost{}/", "file:{}", "~/mirror", "~/mirror/"])
@pytest.mark.parametrize("where", ["environment", "argument", "card"])
def test_mirrors_of_this_machine_in_every_form(cards, archive, tmp_path, monkeypatch, form, where):
    monkeypatch.setenv("HOME", str(tmp_path))
    place = form.format(tmp_path / "mirror")
    card = toy(cards, addresses=f"{{url: '{place.rstrip('/')}/Toy.zip'}}" if where == "card" else "", checksums=listed(archive))
    if where == "environment":
        monkeypatch.setenv("RHELBENCH_MIRROR", place)
    assert fetch(card, tmp_path / "data", [place] if where == "argument" else []).read_bytes() == archive.read_bytes()


def test_a_file_address_with_a_blank_in_it(cards, archive, tmp_path):
    archive.parent.rename(tmp_path / "my mirror")
    assert fetch(toy(cards), tmp_path / "data", [f"file://{tmp_path}/my%20mirror"]).exists()


@pytest.mark.parametrize(
    ("mirror", "reason"),
    [
        ("file:///nowhere", r"file:///nowhere/Toy\.zip: no such file"),
        ("file://host/folder", "names a folder of this machine, not the host host"),
        ("~nobody_of_this_name/mirror", "Could not determine home directory"),
        ("http://[half/mirror", "Invalid IPv6 URL"),
    ],
)
def test_a_mirror_that_is_none_is_passed_over(cards, archive, tmp_path, mirror, reason):
    card = toy(cards)
    refused(card, tmp_path / "data", reason, [mirror])
    assert fetch(card, tmp_path / "data", [mirror, str(archive.parent)]).exists()


def test_url_mirror_then_card_s_address(cards, archive, tmp_path, server):
    server.files["mirror/Toy.zip"] = server.files["own.zip"] = archive.read_bytes()
    card = toy(cards, addresses=f"{{url: {server.url('own.zip')}}}", checksums=listed(archive))
    fetch(card, tmp_path / "a", [server.url("mirror")])
    fetch(card, tmp_path / "b", [str(tmp_path / "nowhere"), server.url("empty")])
    assert server.asked == ["mirror/Toy.zip", *["empty/Toy.zip"] * (1 + RETRIES), "own.zip"]
    fetch(card, tmp_path / "b")
    assert len(server.asked) == 3 + RETRIES  # what is there is not fetched again


def test_dropped_connection_is_retried(cards, archive, tmp_path, server):
    server.files["Toy.zip"] = archive.read_bytes()
    card = toy(cards, addresses=f"{{url: {server.url('Toy.zip')}}}", checksums=listed(archive))
    server.drops = RETRIES
    assert fetch(card, tmp_path / "data").read_bytes() == archive.read_bytes()


def test_dropped_connection_for_good(cards, archive, tmp_path, server):
    server.files["Toy.zip"] = archive.read_bytes()
    card = toy(cards, addresses=f"{{url: {server.url('Toy.zip')}}}", checksums=listed(archive))
    server.drops = 1 + RETRIES
    refused(card, tmp_path / "data", "the connection broke off, 4 times")
    assert fetch(card, tmp_path / "data").read_bytes() == archive.read_bytes()


def test_no_server_no_file(cards, tmp_path):
    card = toy(cards, addresses="{url: 'http://127.0.0.1:9/Toy.zip'}")
    sentence = refused(card, tmp_path / "data", r"nowhere/Toy\.zip: no such file; http.*no connection", ["nowhere"])
    assert "RHELBENCH_MIRROR" in sentence


def test_web_page_instead_of_zip(cards, archive, tmp_path, server):
    server.files["Toy.zip"] = b"<!doctype html><title>Moved</title>"
    card = toy(cards, addresses=f"{{url: {server.url('Toy.zip')}, checksum: first_use}}")
    refused(card, tmp_path / "data", r"not a complete zip archive but a web page, 35 bytes")
    assert not (tmp_path / "data/archives/Toy.lock.json").exists()
    server.files["Toy.zip"] = archive.read_bytes()
    fetch(card, tmp_path / "data")


def test_truncated_zip(cards, archive, tmp_path):
    whole = archive.read_bytes()
    archive.write_bytes(whole[: len(whole) // 2])
    card = toy(cards)
    refused(card, tmp_path / "data", "not a complete zip archive but truncated", [str(archive.parent)])
    archive.write_bytes(whole)
    assert fetch(card, tmp_path / "data", [str(archive.parent)]).read_bytes() == whole


def test_wrong_checksum_stops_with_both_values(cards, archive, tmp_path, server):
    card = toy(cards, addresses=f"{{url: {server.url('Toy.zip')}}}", checksums=listed(archive))
    server.files["Toy.zip"] = archive.read_bytes()
    good = archive.read_bytes()
    uea_zip(archive, seed=1)
    sentence = refused(card, tmp_path / "data", "SHA-256", [str(archive.parent)])
    assert sha256(good).hexdigest() in sentence
    assert sha256(archive.read_bytes()).hexdigest() in sentence
    assert server.asked == []
    assert fetch(card, tmp_path / "data").read_bytes() == good


def test_unknown_checksum_is_recorded_on_first_use_and_then_fixed(cards, archive, tmp_path):
    card, data = toy(cards), tmp_path / "data"
    fetch(card, data, [str(archive.parent)]).unlink()
    lock = json.loads((data / "archives/Toy.lock.json").read_text())
    assert lock["sha256"] == sha256(archive.read_bytes()).hexdigest()
    uea_zip(archive, seed=1)
    sentence = refused(card, data, "on first use", [str(archive.parent)])
    assert lock["sha256"] in sentence
    assert sha256(archive.read_bytes()).hexdigest() in sentence
    uea_zip(archive, seed=0)
    fetch(card, data, [str(archive.parent)])


def test_a_damaged_lock_file_is_named(cards, archive, tmp_path):
    card, data = toy(cards), tmp_path / "data"
    fetch(card, data, [str(archive.parent)]).unlink()
    (data / "archives/Toy.lock.json").write_text("{}")
    sentence = refused(card, data, r"Toy\.lock\.json is damaged", [str(archive.parent)])
    assert sentence.endswith("(it lacks sha256): delete it and download the archive again.")


def test_two_first_uses_at_once_are_both_recorded(cards, archive, tmp_path, monkeypatch):
    """One task's archive is fetched whole between the other's look at what is recorded and its own entry."""
    toy_card(cards, name="Other")
    card, mirrors, write = toy(cards), [str(archive.parent)], checksums.write_atomically
    uea_zip(archive.with_name("Other.zip"))

    def late(*args, **kwargs):
        monkeypatch.setattr(checksums, "write_atomically", write)
        fetch(card_module.load("Other"), tmp_path, mirrors)
        write(*args, **kwargs)

    monkeypatch.setattr(checksums, "write_atomically", late)
    fetch(card, tmp_path, mirrors)
    for task in ("Toy", "Other"):
        uea_zip(tmp_path / f"archives/{task}.zip", seed=1)
        with pytest.raises(UserError, match="on first use"):
            fetch(card_module.load(task), tmp_path)


def test_a_password_in_a_mirror_s_address_is_not_shown(cards, archive, tmp_path, server):
    server.files["mirror/Toy.zip"] = archive.read_bytes()
    secret, card = server.url("").replace("//", "//me:p@ss@"), toy(cards)
    sentence = refused(card, tmp_path / "a", "the server answers 404", [f"{secret}empty"])
    fetch(card, tmp_path / "b", [f"{secret}mirror"])
    assert "ss@" not in sentence + (tmp_path / "b/archives/Toy.lock.json").read_text()


def test_an_unlisted_packaging_is_recorded_only_where_the_card_allows(cards, archive, tmp_path, server):
    server.files["Toy.zip"] = archive.read_bytes()
    checksums = f"{{sha256: {'a' * 64}, note: another packaging}}"
    card = toy(cards, addresses=f"{{url: {server.url('Toy.zip')}}}", checksums=checksums)
    refused(card, tmp_path / "a", "add the value to source.checksums")
    card = toy(cards, addresses=f"{{url: {server.url('Toy.zip')}, checksum: first_use}}", checksums=checksums)
    fetch(card, tmp_path / "b")
    fetch(card, tmp_path / "b")
    assert (tmp_path / "b/archives/Toy.lock.json").exists()


@pytest.mark.parametrize("how", ["folder", "url"])
def test_disk_full(cards, archive, tmp_path, server, monkeypatch, how):
    server.files["Toy.zip"] = archive.read_bytes()
    card = toy(cards, addresses=f"{{url: {server.url('Toy.zip')}}}" if how == "url" else "")
    mirrors = [str(archive.parent)] if how == "folder" else []

    def full(*args, **kwargs):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("shutil.copyfile", full)
        patch.setattr("pooch.HTTPDownloader.__call__", full)
        refused(card, tmp_path / "data", "does not fit .*make room", mirrors)
    assert fetch(card, tmp_path / "data", mirrors).read_bytes() == archive.read_bytes()


def test_remains_of_a_killed_download_are_cleared(cards, archive, tmp_path):
    remains = tmp_path / "data/archives/.incoming-Toy"
    remains.mkdir(parents=True)
    (remains / "half").write_bytes(b"half")
    fetch(toy(cards), tmp_path / "data", [str(archive.parent)])
    assert not remains.exists()


def test_a_damaged_archive_in_place_is_noticed(cards, archive, tmp_path):
    card = toy(cards, checksums=listed(archive))
    target = fetch(card, tmp_path / "data", [str(archive.parent)])
    content = bytearray(target.read_bytes())
    content[100] ^= 1
    target.write_bytes(content)
    with pytest.raises(UserError, match="SHA-256"):
        fetch(card, tmp_path / "data", [str(archive.parent)])
