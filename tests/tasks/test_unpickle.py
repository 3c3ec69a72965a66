import io
import os
import pickle

import numpy as np
import pytest

from rhelbench.errors import UserError
from rhelbench.tasks import unpickle
from tests.tasks.archive import python2_pickle, subject

DUMPS = {
    "python 2, protocol 0": lambda value: python2_pickle(value, 0),
    "python 2, protocol 2": lambda value: python2_pickle(value, 2),
    **{f"python 3, protocol {p}": lambda value, p=p: pickle.dumps(value, p) for p in range(6)},
}


def load(data):
    return unpickle.load(io.BytesIO(data), "S1.pkl")


@pytest.mark.parametrize("dump", DUMPS.values(), ids=DUMPS)
def test_arrays_and_containers_come_through(dump):
    record = subject(1, seconds=20)
    found = load(dump(record))
    assert found["subject"] == "S1"
    assert found["questionnaire"]["HEIGHT"] == 182
    for name, values in record["signal"]["wrist"].items():
        assert np.array_equal(found["signal"]["wrist"][name], values)


class Evil:
    def __init__(self, function, *args):
        self.call = function, args

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize(
    "value",
    [
        Evil(os.system, "touch pwned"),
        Evil(eval, "open('pwned', 'w')"),
        Evil(pickle.loads, b""),
        Evil(np.load, "pwned"),
        Evil(getattr, "text", "upper"),
        {"signal": [np.zeros(2), Evil(os.mkdir, "pwned")]},
        np.array([Evil(os.mkdir, "pwned")], dtype=object),
    ],
    ids=["os.system", "eval", "pickle.loads", "numpy.load", "getattr", "nested", "object array"],
)
@pytest.mark.parametrize("protocol", range(6))
def test_anything_else_is_refused_and_not_run(value, protocol, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match=r"^S1\.pkl is not a pickle of plain arrays \(it names .*refused"):
        load(pickle.dumps(value, protocol))
    assert list(tmp_path.iterdir()) == []


def test_codecs_other_than_latin1_are_refused():
    import codecs

    with pytest.raises(UserError, match="codec rot13"):
        load(pickle.dumps(Evil(codecs.encode, "x", "rot13"), 2))


@pytest.mark.parametrize(
    "data", [b"", b"<html>", pickle.dumps({"a": np.zeros(100)}, 2)[:-50]], ids=["empty", "html", "truncated"]
)
def test_damage_is_one_sentence(data):
    with pytest.raises(UserError, match="is not a pickle of plain arrays"):
        load(data)
