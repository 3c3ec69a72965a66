"""Histories, digests and records are read back exactly."""

import hashlib
import json
import math

import numpy as np
import pytest

from rhelbench.errors import UserError
from rhelbench.records import io
from tests.records.runs import leave
from tests.training.softmax import make_spec

ROWS = [
    {"step": 10, "loss": 0.1 + 0.2, "train": 1 / 3, "val": 0.5, "fidelity": 1e-300},
    {"step": 20, "loss": float("nan"), "train": 1.0, "val": 2.0**-1074, "fidelity": None},
]


def test_a_history_reads_back_exactly():
    header, first, second = (line.split(",") for line in io.format_history(ROWS).splitlines())
    assert header == list(io.HISTORY)
    assert {name: float(text) for name, text in zip(header, first, strict=True)} == ROWS[0]
    assert math.isnan(float(second[1]))
    assert second[4] == ""


def test_equal_histories_have_equal_digests_and_one_bit_shows():
    again = json.loads(json.dumps(ROWS))
    assert io.digest(io.format_history(again)) == io.digest(io.format_history(ROWS))
    again[0]["val"] = math.nextafter(0.5, 1)
    assert io.digest(io.format_history(again)) != io.digest(io.format_history(ROWS))
    assert io.digest("a") == hashlib.sha256(b"a").hexdigest() == io.digest(b"a")


def test_arrays_digest_sees_names_dtypes_shapes_and_values_but_not_order():
    arrays = {"a": np.zeros((2, 3), np.float32), "b": np.ones(2)}
    first = io.arrays_digest(arrays)
    assert io.arrays_digest(dict(reversed(arrays.items()))) == first
    assert io.arrays_digest(arrays | {"a": np.asfortranarray(arrays["a"])}) == first
    others = [
        arrays | {"a": np.zeros((3, 2), np.float32)},
        arrays | {"a": np.zeros((2, 3), np.int32)},
        arrays | {"b": np.nextafter(np.ones(2), 2)},
        {"c": arrays["a"], "b": arrays["b"]},
    ]
    assert len({io.arrays_digest(other) for other in others} | {first}) == 5


def test_a_failed_attempt_stays_and_the_record_is_replaced(tmp_path):
    for n in (1, 2):
        io.write_record(tmp_path, {"status": "failed", "n": n}, {})
    io.write_record(tmp_path, {"status": "done"}, {})
    assert io.read(tmp_path) == {"result": {"status": "done"}, "provenance": {}}
    kept = [json.loads((tmp_path / "attempts" / f"{n}.json").read_text())["result"]["n"] for n in (1, 2)]
    assert kept == [1, 2]
    assert io.read(tmp_path / "nowhere") is None


def former(folder, name):
    """Turn a run's folder into one of format 1, under a name."""
    record = json.loads((folder / io.RECORD).read_text())
    spec = {key: value for key, value in record["result"]["spec"].items() if key != "format"} | {"model": "linear-complex"}
    run_id = record["result"]["run_id"].replace("-linear-", "-linear-complex-")
    record["result"] |= {"spec": spec, "run_id": run_id}
    moved = folder.with_name(name or run_id)
    folder.rename(moved)
    (moved / io.RECORD).write_text(json.dumps(record))
    (moved / "spec.json").write_text(json.dumps(spec))
    return moved


@pytest.mark.parametrize("renamed", [False, True])
def test_a_run_of_format_1_is_read_under_its_former_name_and_under_todays(tmp_path, renamed):
    spec = make_spec()
    own = leave(spec, tmp_path)
    run = io.read_run(own)
    assert run is not None
    assert io.read_run(former(own, spec.run_id if renamed else None)) == run


def test_a_record_whose_specification_is_none_is_a_sentence(tmp_path):
    own = leave(make_spec(), tmp_path)
    record = json.loads((own / io.RECORD).read_text())
    del record["result"]["spec"]["task"]
    (own / io.RECORD).write_text(json.dumps(record))
    (own / "spec.json").unlink()
    with pytest.raises(UserError, match=r"record.json is damaged \(its specification is wrong at 'task'\): delete it and train"):
        io.read(own)
