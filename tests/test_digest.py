"""The digest of code: what counts, and that it depends on neither layout nor locale."""

import os
import subprocess
import sys

import pytest

from rhelbench import digest
from rhelbench.digest import code_digest, package_digest
from rhelbench.registry import FRAMEWORKS

TREE = {
    "rhelbench/__init__.py": '"""Top."""\n',
    "rhelbench/training/__init__.py": "",
    "rhelbench/training/trainer.py": "from rhelbench.training import setup\nfrom rhelbench.rule import f\n",
    "rhelbench/training/setup.py": "import numpy as np\n",
    "rhelbench/rule.py": 'def f(x):\n    """Say so."""\n    return (x + 1)  # one more\n',
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
    'def f(x):\n    """Say otherwise."""\n    return (x + 1)\n',
    "# A comment.\ndef f(x):\n\n    return (x + 1)\n",
    '"""A module\'s."""\n\n\ndef f(x):\n    return (x + 1)\n',
    "def f(x):\n  return (  # one\n    x\n    + 1\n  )",
    'def f(x):\n    "Say " "otherwise."\n    # And more.\n    return \\\n        (x + 1)\n',
])  # fmt: skip
def test_comments_docstrings_and_layout_do_not_count(tree, text):
    assert not tree("rhelbench/rule.py", text)


def test_a_docstring_alone_is_an_empty_body(tree):
    tree("rhelbench/rule.py", 'def f(x):\n    """Nothing."""\n')
    assert not tree("rhelbench/rule.py", "def f(x):\n    pass\n")


def test_indentation_counts(tree):
    tree("rhelbench/rule.py", "if a:\n    b()\n    c()\n")
    assert tree("rhelbench/rule.py", "if a:\n    b()\nc()\n")
    assert not tree("rhelbench/rule.py", "if a:\n  b()\nc()")


@pytest.mark.parametrize(("name", "text"), [
    ("rhelbench/rule.py", "def f(x):\n    return (x + 2)\n"),
    ("rhelbench/rule.py", 'def f(x):\n    f"""{x}"""\n    return (x + 1)\n'),
    ("rhelbench/rule.py", "def f(x):\n    return (x + 1,)\n"),
    ("rhelbench/training/setup.py", "import numpy\n"),
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
    assert {f"rhelbench.training.{name}" for name in needed} | {"rhelbench.spec", "rhelbench.seeds"} <= names
    unseen = {
        "numpy": set(),
        "torch": {"kernels.gpu.linear"},
        "jax": {"kernels.gpu.linear", "impl_jax.vmap_seeds"},
    }  # imported late
    assert unseen[framework] <= names
    others = {"impl_jax", "impl_torch"} - {FRAMEWORKS[framework].root}
    assert not {name for name in names if name.split(".")[0] in others}
    assert len(digest.code_digest(framework)) == 64


def test_what_is_shown_follows_the_statistics_behind_it():
    """Snakemake makes figures, ledger and page again when this closure changes (workflows/rules/common.smk)."""
    for command in ("figures", "claims", "page"):
        assert "rhelbench.stats.pairs" in digest.modules([f"rhelbench.cli.{command}"])


#: Sources with f-strings, and what the tokenizer of Python 3.12 and later yields for them, as ``digest._tokens`` does: where
#: Python 3.11 has one STRING, it has the parts.
FSTRINGS = {
    "plain": (
        "x = f'a{b!r}c'\n",
        [
            ("NAME", "x", (1, 0), (1, 1)), ("OP", "=", (1, 2), (1, 3)), ("FSTRING_START", "f'", (1, 4), (1, 6)),
            ("FSTRING_MIDDLE", "a", (1, 6), (1, 7)), ("OP", "{", (1, 7), (1, 8)), ("NAME", "b", (1, 8), (1, 9)),
            ("OP", "!", (1, 9), (1, 10)), ("NAME", "r", (1, 10), (1, 11)), ("OP", "}", (1, 11), (1, 12)),
            ("FSTRING_MIDDLE", "c", (1, 12), (1, 13)), ("FSTRING_END", "'", (1, 13), (1, 14)),
            ("NEWLINE", "\n", (1, 14), (1, 15)), ("ENDMARKER", "", (2, 0), (2, 0)),
        ],
    ),
    "nested, with a format": (
        """f'{f"{b=}":>{w}}{{' + c\n""",
        [
            ("FSTRING_START", "f'", (1, 0), (1, 2)), ("OP", "{", (1, 2), (1, 3)), ("FSTRING_START", 'f"', (1, 3), (1, 5)),
            ("OP", "{", (1, 5), (1, 6)), ("NAME", "b", (1, 6), (1, 7)), ("OP", "=", (1, 7), (1, 8)), ("OP", "}", (1, 8), (1, 9)),
            ("FSTRING_END", '"', (1, 9), (1, 10)), ("OP", ":", (1, 10), (1, 11)), ("FSTRING_MIDDLE", ">", (1, 11), (1, 12)),
            ("OP", "{", (1, 12), (1, 13)), ("NAME", "w", (1, 13), (1, 14)), ("OP", "}", (1, 14), (1, 15)),
            ("OP", "}", (1, 15), (1, 16)), ("FSTRING_MIDDLE", "{", (1, 16), (1, 17)), ("FSTRING_END", "'", (1, 18), (1, 19)),
            ("OP", "+", (1, 20), (1, 21)), ("NAME", "c", (1, 22), (1, 23)), ("NEWLINE", "\n", (1, 23), (1, 24)),
            ("ENDMARKER", "", (2, 0), (2, 0)),
        ],
    ),
    "several lines, not ASCII": (
        'def g():\n    return f"""é {\n        b  \n}\n"""\n',
        [
            ("NAME", "def", (1, 0), (1, 3)), ("NAME", "g", (1, 4), (1, 5)), ("OP", "(", (1, 5), (1, 6)),
            ("OP", ")", (1, 6), (1, 7)), ("OP", ":", (1, 7), (1, 8)), ("NEWLINE", "\n", (1, 8), (1, 9)),
            ("INDENT", "    ", (2, 0), (2, 4)), ("NAME", "return", (2, 4), (2, 10)), ("FSTRING_START", 'f"""', (2, 11), (2, 15)),
            ("FSTRING_MIDDLE", "é ", (2, 15), (2, 17)), ("OP", "{", (2, 17), (2, 18)), ("NL", "\n", (2, 18), (2, 19)),
            ("NAME", "b", (3, 8), (3, 9)), ("NL", "\n", (3, 11), (3, 12)), ("OP", "}", (4, 0), (4, 1)),
            ("FSTRING_MIDDLE", "\n", (4, 1), (5, 0)), ("FSTRING_END", '"""', (5, 0), (5, 3)),
            ("NEWLINE", "\n", (5, 3), (5, 4)), ("DEDENT", "", (6, 0), (6, 0)), ("ENDMARKER", "", (6, 0), (6, 0)),
        ],
    ),
    "beside a plain string, with an effect": (
        "'a' rf'{b}' 'c'\n'a' 'c'\n",
        [
            ("STRING", "'a'", (1, 0), (1, 3)), ("FSTRING_START", "rf'", (1, 4), (1, 7)), ("OP", "{", (1, 7), (1, 8)),
            ("NAME", "b", (1, 8), (1, 9)), ("OP", "}", (1, 9), (1, 10)), ("FSTRING_END", "'", (1, 10), (1, 11)),
            ("STRING", "'c'", (1, 12), (1, 15)), ("NEWLINE", "\n", (1, 15), (1, 16)), ("STRING", "'a'", (2, 0), (2, 3)),
            ("STRING", "'c'", (2, 4), (2, 7)), ("NEWLINE", "\n", (2, 7), (2, 8)), ("ENDMARKER", "", (3, 0), (3, 0)),
        ],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("source", "later"), FSTRINGS.values(), ids=FSTRINGS)
def test_later_pythons_give_the_same_code(source, later):
    assert digest._code(source, later) == digest._code(source, digest._tokens(source))


def test_a_template_string_is_one_token():
    source = "t'a{b}'\n"
    later = [
        ("TSTRING_START", "t'", (1, 0), (1, 2)), ("TSTRING_MIDDLE", "a", (1, 2), (1, 3)), ("OP", "{", (1, 3), (1, 4)),
        ("NAME", "b", (1, 4), (1, 5)), ("OP", "}", (1, 5), (1, 6)), ("TSTRING_END", "'", (1, 6), (1, 7)),
        ("NEWLINE", "\n", (1, 7), (1, 8)), ("ENDMARKER", "", (2, 0), (2, 0)),
    ]  # fmt: skip
    assert digest._code(source, later) == digest._code(source, [("STRING", "t'a{b}'", (1, 0), (1, 7)), *later[-2:]])


ASK = "from rhelbench import digest; print(digest.code_digest('torch'), digest.package_digest('rhelbench.tasks'))"


def test_the_digest_of_code_is_the_same_where_text_is_ascii() -> None:
    ascii_only = {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = subprocess.run([sys.executable, "-c", ASK], env=os.environ | ascii_only, capture_output=True, text=True)
    assert done.stdout.split() == [code_digest("torch"), package_digest("rhelbench.tasks")], done.stderr
