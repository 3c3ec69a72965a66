import numpy as np
import pytest

from rhelbench.training import checkpoint
from rhelbench.training.checkpoint import Checkpoints

ARRAYS = {"a": np.arange(6, dtype=np.float32).reshape(2, 3), "n": np.array(3, np.int64)}


def test_what_is_saved_is_loaded_exactly(tmp_path):
    store = Checkpoints(tmp_path, "me")
    store.save({"x": 0.1 + 0.2, "y": [float("inf")]}, ARRAYS)
    facts, arrays = store.load()
    assert facts == {"x": 0.1 + 0.2, "y": [float("inf")]}
    for name, array in ARRAYS.items():
        assert arrays[name].dtype == array.dtype
        assert np.array_equal(arrays[name], array)


@pytest.mark.parametrize("damage", ["cut", "flipped", "empty", "gone"])
def test_a_damaged_one_is_detected_and_the_older_taken(tmp_path, damage):
    store = Checkpoints(tmp_path, "me")
    store.save({"step": 1}, ARRAYS)
    store.save({"step": 2}, ARRAYS)
    file = tmp_path / "checkpoint"
    content = bytearray(file.read_bytes())
    if damage == "gone":
        file.unlink()
    else:
        content[len(content) // 2] ^= 1
        file.write_bytes({"cut": content[: len(content) // 2], "flipped": content, "empty": b""}[damage])
    assert store.load()[0] == {"step": 1}
    (tmp_path / "checkpoint.previous").write_bytes(b"no")
    assert store.load() is None


def test_another_identitys_checkpoint_is_not_continued(tmp_path):
    Checkpoints(tmp_path, "old code").save({"step": 1}, ARRAYS)
    assert Checkpoints(tmp_path, "new code").load() is None


def test_a_full_disk_leaves_the_former_one_and_no_part(tmp_path, monkeypatch):
    store = Checkpoints(tmp_path, "me")
    store.save({"step": 1}, ARRAYS)
    monkeypatch.setattr("rhelbench.files.os.fsync", lambda handle: (_ for _ in ()).throw(OSError(28, "No space left")))
    with pytest.raises(OSError, match="No space left"):
        store.save({"step": 2}, ARRAYS)
    assert store.load()[0] == {"step": 1}
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint"]


def test_nothing_is_unpickled(tmp_path):
    with pytest.raises(ValueError, match="pickle"):
        Checkpoints(tmp_path, "me").save({}, {"object": np.array([{}], dtype=object)})
    assert checkpoint.Checkpoints(tmp_path, "me").load() is None
