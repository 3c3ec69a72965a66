import contextlib
import io
import os

import pytest

from rhelbench.training.clock import Clock
from rhelbench.training.display import Display
from rhelbench.training.state import Run
from rhelbench.training.stopping import Stopping
from tests.training.softmax import make_spec


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def run():
    rule = Stopping(10, higher_is_better=True)
    rule.update(10, 0.75)
    row = {"step": 10.0, "loss": 1.5, "train": 0.8, "val": 0.75, "fidelity": None}
    return Run(rule, Clock(lambda: 0.0), step=10, history=[row])


def test_one_line_renews_itself_on_a_terminal(run, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    now = [100.0]
    monkeypatch.setattr("rhelbench.training.display.time.monotonic", lambda: now[0])
    stream = Terminal()
    display = Display(make_spec({"steps": 60}), stream)
    display.update(run, evaluated=False)
    run.step, run.losses, now[0] = 20, [1.25], 105.0
    display.update(run, evaluated=False)
    display.update(run, evaluated=False)  # too soon
    display.close("done.")
    text = stream.getvalue()
    assert text.count("\n") == 1
    assert text.split("\r\x1b[K")[2] == "step 20/60 loss 1.25 val 0.75 best 0.75 2.0 steps/s, at most 0:00:20 left"
    assert text.count("\r\x1b[K") == 3


def test_a_line_never_wraps(run, monkeypatch):
    monkeypatch.setenv("COLUMNS", "30")
    stream = Terminal()
    Display(make_spec(), stream).update(run, evaluated=True)
    assert len(stream.getvalue().removeprefix("\r\x1b[K")) == 29


def test_a_log_gets_a_line_per_evaluation_at_most_every_ten_seconds(run, monkeypatch):
    now = [100.0]
    monkeypatch.setattr("rhelbench.training.display.time.monotonic", lambda: now[0])
    stream = io.StringIO()
    display = Display(make_spec(), stream)
    for second, evaluated in ((0, False), (1, True), (10, True), (12, False), (12, True)):
        now[0] = 100.0 + second
        display.update(run, evaluated)
    assert stream.getvalue().count("\n") == 2
    assert "\r" not in stream.getvalue()


def test_a_log_that_has_gone_away_fails_nothing(run):
    reader, writer = os.pipe()
    os.close(reader)
    stream = io.TextIOWrapper(io.FileIO(writer, "w"), write_through=True)  # as standard error is
    display = Display(make_spec(), stream)
    display.update(run, evaluated=True)
    display.close("interrupted.")
    with pytest.raises(BrokenPipeError):  # it really is broken
        stream.write("x")
    with contextlib.suppress(BrokenPipeError):
        stream.close()
