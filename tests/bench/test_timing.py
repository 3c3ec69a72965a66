"""Timings and memory of this process."""

from rhelbench.bench import timing


def test_timings_are_as_many_as_asked() -> None:
    assert len(timing.repeat(lambda: None, 7)) == 7
    assert timing.highest() >= timing.resident() > 0
