import pytest

from rhelbench.records import digest
from rhelbench.registry import FRAMEWORKS

TREE = {
    "rhelbench/__init__.py": '"""Top."""\n',
    "rhelbench/protocol/__init__.py": "",
    "rhelbench/protocol/trainer.py": "from rhelbench.protocol import setup\nfrom rhelbench.rule import f\n",
    "rhelbench/protocol/setup.py": "import numpy as np\n",
    "rhelbench/rule.py": 'def f(x):\n    """Say so."""\n    return x + 1  # one more\n',
    "rhelbench/display.py": "shown = 1\n",
    "impl_jax/__init__.py": "",
    "impl_jax/learner.py": "from . import part\nfrom rhelbench.rule import f\n",
    "impl_jax/part.py": "c = 1\n",
    "impl_torch/__init__.py": "",
    "impl_torch/learner.py": "c = 2\n",
}


@pytest.fixture
def tree(tmp_path, monkeypatch):
    """A small house of our own; returns a function that replaces one file and says whether the digest changed."""
    monkeypatch.setattr(digest, "ROOT", tmp_path)
    for name, text in TREE.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)

    def changes(name, text, framework="jax"):
        before = digest.code_digest(framework)
        (tmp_path / name).write_text(text)
        return digest.code_digest(framework) != before

    return changes


@pytest.mark.parametrize("text", [
    'def f(x):\n    """Say otherwise."""\n    return x + 1\n',
    "# A comment.\ndef f(x):\n\n    return (x + 1)\n",
    '"""A module\'s."""\n\n\ndef f(x):\n    return x + 1\n',
])  # fmt: skip
def test_comments_docstrings_and_layout_do_not_count(tree, text):
    assert not tree("rhelbench/rule.py", text)


def test_a_docstring_alone_is_an_empty_body(tree):
    tree("rhelbench/rule.py", 'def f(x):\n    """Nothing."""\n')
    assert not tree("rhelbench/rule.py", "def f(x):\n    pass\n")


@pytest.mark.parametrize(("name", "text"), [
    ("rhelbench/rule.py", "def f(x):\n    return x + 2\n"),
    ("rhelbench/protocol/setup.py", "import numpy\n"),
    ("impl_jax/part.py", "c = 3\n"),
    ("rhelbench/__init__.py", "v = 1\n"),
])  # fmt: skip
def test_code_counts_however_it_is_imported(tree, name, text):
    assert tree(name, text)


@pytest.mark.parametrize("name", ["rhelbench/display.py", "impl_torch/learner.py"])
def test_what_the_run_does_not_import_does_not_count(tree, name):
    assert not tree(name, "c = 9\n")


def test_another_framework_counts_for_itself(tree):
    assert tree("impl_torch/learner.py", "c = 9\n", framework="torch")


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_the_real_closure(framework):
    names = set(digest.modules(digest.roots(framework)))
    needed = {"trainer", "batches", "stopping", "metrics", "setup"}
    assert {f"rhelbench.protocol.{name}" for name in needed} | {"rhelbench.spec", "rhelbench.seeds"} <= names
    unseen = {"numpy": set(), "torch": {"kernels.gpu.linear"}, "jax": {"kernels.gpu.linear", "impl_jax.pack"}}  # imported late
    assert unseen[framework] <= names
    others = {"impl_jax", "impl_torch"} - {FRAMEWORKS[framework].split(".")[0]}
    assert not {name for name in names if name.split(".")[0] in others}
    assert len(digest.code_digest(framework)) == 64


def test_what_is_shown_follows_the_statistics_behind_it():
    """Snakemake makes figures, ledger and page again when this closure changes (workflows/rules/common.smk)."""
    for command in ("figures", "claims", "page"):
        assert "rhelbench.stats.pairs" in digest.modules([f"rhelbench.cli.{command}"])
