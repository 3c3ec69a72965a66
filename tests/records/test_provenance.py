import sys
from types import SimpleNamespace

import pytest

from rhelbench.records import provenance


@pytest.mark.parametrize(("system", "unit"), [("linux", 1024), ("darwin", 1)])
def test_peak_memory_is_in_bytes_on_every_system(monkeypatch, system, unit):
    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setattr(provenance.resource, "getrusage", lambda who: SimpleNamespace(ru_maxrss=7))
    assert provenance.peak_host_bytes() == 7 * unit
