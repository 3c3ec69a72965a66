import pytest

from rhelbench.tasks.prepare import prepare
from rhelbench.tasks.store import load


@pytest.fixture(scope="session")
def data_dir(tmp_path_factory):
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="session")
def basic_motions(data_dir):
    prepare("BasicMotions", data_dir)
    return load("BasicMotions", data_dir)
