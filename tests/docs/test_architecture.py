"""A folder imports of rhelbench what docs/architecture.md lists."""

import re
from pathlib import Path

import pytest


@pytest.mark.parametrize("folder", ["impl_jax", "impl_torch", "kernels", "paper_figures"])
def test_a_folder_imports_of_rhelbench_what_the_architecture_lists(folder):
    rows = [line.split("|") for line in Path("docs/architecture.md").read_text().splitlines() if line.startswith("| `")]
    (allowed,) = [cells[3] for cells in rows if f"`{folder}/`" in cells[1]]
    listed = {name.removeprefix("rhelbench") for name in re.findall(r"`((?:rhelbench)?\.[\w.]+)`", allowed)}
    sources = [path.read_text() for path in Path(folder).rglob("*.py")]
    found = {name for text in sources for name in re.findall(r"^\s*(?:from|import) rhelbench([\w.]*)", text, re.MULTILINE)}
    assert [name for name in found if not any(f"{name}.".startswith(f"{known}.") for known in listed)] == []
