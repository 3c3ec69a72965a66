"""A difference from the manifest is found."""

import pytest

from rhelbench.cli import main
from rhelbench.records import manifest


@pytest.mark.parametrize("damage", ["changed", "missing", "not listed", "no manifest", "is damaged"])
def test_a_difference_from_the_manifest_is_found(tmp_path, damage, capsys):
    (tmp_path / "a.csv").write_text("1")
    manifest.write(tmp_path)
    assert main(["publish", "--check", "--published", str(tmp_path)]) == 0
    {
        "changed": lambda: (tmp_path / "a.csv").write_text("2"),
        "missing": (tmp_path / "a.csv").unlink,
        "not listed": lambda: (tmp_path / "b.csv").write_text("1"),
        "no manifest": (tmp_path / manifest.NAME).unlink,
        "is damaged": lambda: (tmp_path / manifest.NAME).write_text(""),
    }[damage]()
    assert main(["publish", "--check", "--published", str(tmp_path)]) == 2
    message = capsys.readouterr().err
    assert damage in message or "has no MANIFEST.json" in message
