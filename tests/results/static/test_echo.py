"""The published echo is what the code gives."""

from pathlib import Path

import numpy as np
import pandas as pd

from rhelbench.studies import echo

PUBLISHED = Path("results/published/static")


def test_the_published_echo_is_what_the_code_gives():
    published, now = pd.read_csv(PUBLISHED / "echo.csv"), echo.compute()["echo"]
    assert list(published.path) == list(now.path)
    assert np.allclose(published[["phi", "pi"]], now[["phi", "pi"]], rtol=0, atol=1e-9)
