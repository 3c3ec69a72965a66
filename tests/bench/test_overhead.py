"""Where a run's wall time goes, from its record."""

from pathlib import Path

import pytest

from rhelbench.bench import overhead
from rhelbench.errors import UserError
from rhelbench.records import io
from tests.training.softmax import make_spec


def test_activities_and_the_rest_are_the_wall_time(tmp_path: Path) -> None:
    spec = make_spec()
    seconds = {"data": 1.0, "compile": 2.0, "train": 5.0, "evaluate": 0.5, "checkpoint": 0.25}
    facts = {"seconds": seconds, "wall_s": 10.0, "ended": "2026-01-01T00:00:00"}
    io.write_record(tmp_path / spec.run_id, {"spec": spec.model_dump(mode="json"), "status": "done"}, facts)
    row = overhead.pipeline(tmp_path, [spec.run_id]).iloc[0]
    assert (row.train_s, row.rest_s, row.wall_s, row.train_share) == (5.0, 1.25, 10.0, 0.5)
    with pytest.raises(UserError, match="has no record"):
        overhead.pipeline(tmp_path, ["none"])
