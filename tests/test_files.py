"""A file is written whole or not at all."""

import pytest

from rhelbench import files


def test_a_write_that_fails_leaves_the_old_content_and_no_part(tmp_path, monkeypatch):
    file = tmp_path / "x"
    files.write_atomically(file, "old")

    def full(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        files.write_atomically(file, "new", durable=True)
    assert file.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["x"]
