"""Records with known effects give exactly the expected tables, statistics and verdicts."""

import pytest

from tests.claims import golden


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    return golden.read(tmp_path_factory.mktemp("golden"))


def test_every_file_is_the_committed_one_to_the_bit(found, tmp_path):
    golden.outputs(found, tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {path.name for path in golden.FOLDER.iterdir()}
    for path in sorted(tmp_path.iterdir()):
        assert path.read_bytes() == (golden.FOLDER / path.name).read_bytes(), path.name
