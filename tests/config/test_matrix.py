"""A setting is given once."""

import pytest

from rhelbench.config.matrix import refuse_repetition
from rhelbench.errors import UserError


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("tables --config seeds=1 tasks=Heartbeat seeds=2", "--config gives 'seeds' twice"),
        ("tables --config seeds=1 -n --config tasks=Heartbeat", "--config is given twice"),
        ("tables --configfile a.yaml -n --configfile b.yaml", "--configfile is given twice"),
        ("tables -C seeds=1 --config=tasks=Heartbeat", "--config is given twice"),
    ],
)
def test_a_setting_that_is_given_twice_is_refused(line: str, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        refuse_repetition(line.split())


@pytest.mark.parametrize("line", ["", "--config", "-n seeds=1 --config seeds=1 tasks='[seeds=1]' --cores 1 seeds=2"])
def test_a_setting_that_is_given_once_is_taken(line: str) -> None:
    assert refuse_repetition(line.split()) is None
