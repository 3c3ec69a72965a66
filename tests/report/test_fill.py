"""A block of a page that nobody knows is refused."""

from pathlib import Path

import pytest

from rhelbench.errors import UserError
from rhelbench.records import collected
from rhelbench.report.blocks import fill
from tests.stats import factory


def test_an_unknown_block_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="did you mean 'smoke'"):
        fill.fill("<!-- results: smok -->\n<!-- end -->", collected.read(factory.small(tmp_path)))
