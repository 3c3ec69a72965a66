"""Records made for the tests, importable by every test of this folder."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="session")
def made() -> ModuleType:
    """The module ``made.py`` beside this file."""
    path = Path(__file__).with_name("made.py")
    spec = importlib.util.spec_from_file_location("made_records", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["made_records"] = module
    spec.loader.exec_module(module)
    return module
