"""What `collect` left is read back or refused in one sentence."""

import pandas as pd
import pytest

from rhelbench.errors import UserError
from rhelbench.records import collected
from tests.stats import factory


@pytest.fixture
def small(tmp_path):
    return factory.small(tmp_path)


def test_wrong_records_are_refused_in_one_sentence(small, tmp_path):
    with pytest.raises(UserError, match="collect"):
        collected.read(tmp_path / "nowhere")
    path = small / "runs.csv"
    runs = pd.read_csv(path)
    runs.assign(value=runs.value * 100).to_csv(path, index=False)
    with pytest.raises(UserError, match="fractions"):
        collected.read(small)
    runs.assign(status="finished").to_csv(path, index=False)
    with pytest.raises(UserError, match="finished"):
        collected.read(small)
    runs.drop(columns="seed").to_csv(path, index=False)
    with pytest.raises(UserError, match="seed"):
        collected.read(small)


@pytest.mark.parametrize("content", [b"", b"nonsense", b"\xff\xfe\x00", b'"', b"a\n1,2\n"])
@pytest.mark.parametrize("name", ["runs.csv", "history.csv"])
def test_damaged_tables_are_a_sentence_that_names_the_file(small, name, content):
    (small / name).write_bytes(content)
    with pytest.raises(UserError, match=rf"{name} is damaged \(.*\): delete it and collect the records again\.$"):
        collected.read(small)
