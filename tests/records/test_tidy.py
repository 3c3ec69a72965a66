"""Names in tables are text, and an empty field is missing."""

from pathlib import Path

import pandas as pd

from rhelbench.records import tidy


def test_names_are_text_and_an_empty_field_is_missing(tmp_path: Path) -> None:
    file = tmp_path / "runs.csv"
    table = pd.DataFrame({"task": ["NA", "None", "2018", None], "value": [0.5, float("nan"), float("inf"), 1.0]})
    table.to_csv(file, index=False)
    read = tidy.read(file)
    assert read.task.tolist()[:3] == ["NA", "None", "2018"]
    assert pd.isna(read.task[3])
    assert read.value.tolist()[::2] == [0.5, float("inf")]
    assert pd.isna(read.value[1])
