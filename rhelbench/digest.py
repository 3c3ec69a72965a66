"""SHA-256 digests of code, equal in every Python version; comments, docstrings and line breaks do not count."""

import ast
import hashlib
import io
import re
import tokenize
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import accumulate
from pathlib import Path

from rhelbench.registry import ALGORITHMS, FRAMEWORKS, HAMILTONIANS, INTEGRATORS

ROOT = Path(__file__).resolve().parents[1]
#: Packages of this repository; constraints.txt pins all others.
PACKAGES = ("rhelbench", "kernels", *sorted({entry.root.partition(".")[0] for entry in FRAMEWORKS.values()} - {"rhelbench"}))
#: Modules that decide a run's result, besides its framework's learner.
TRAINING = ("rhelbench.training.trainer", "rhelbench.training.setup")
#: Tokens without meaning, and tokens whose kind alone matters.
_LAYOUT = {"ENCODING", "COMMENT", "TYPE_COMMENT", "TYPE_IGNORE", "NL", "ENDMARKER"}
_MARKS = {"NEWLINE", "INDENT", "DEDENT"}
#: A string without f or t prefix; the parts of f"…" and t"…" may have effects.
_CONSTANT = re.compile(r"STRING [BRUbru]*['\"]")

#: Kind, text, and (row, column) of start and end.
Token = tuple[str, str, tuple[int, int], tuple[int, int]]


def _file(module: str) -> Path | None:
    path = ROOT.joinpath(*module.split("."))
    return next((file for file in (path.with_suffix(".py"), path / "__init__.py") if file.is_file()), None)


def _imports(tree: ast.AST, module: str) -> Iterator[str]:
    """Yield every module that a file may import, and every name it imports, which may be a module, too."""
    package = module if (_file(module) or Path()).name == "__init__.py" else module.rpartition(".")[0]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            up = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            base = ".".join([*up, *([node.module] if node.module else [])])
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)


def _tokens(source: str) -> Iterator[Token]:
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        yield tokenize.tok_name[token.type], token.string, token.start, token.end


def _joined(source: str, tokens: Iterable[Token]) -> Iterator[tuple[str, str]]:
    """Yield (kind, text), with each f-string as one STRING as in Python 3.11; later versions yield its parts."""
    rows = [0, 0, *accumulate(map(len, io.StringIO(source)))]
    depth = begin = 0
    for kind, text, (row, column), (last, end) in tokens:
        if kind in ("FSTRING_START", "TSTRING_START"):
            begin = begin if depth else rows[row] + column
            depth += 1
        elif kind in ("FSTRING_END", "TSTRING_END"):
            depth -= 1
            if not depth:
                yield "STRING", source[begin : rows[last] + end]
        elif not depth:
            yield kind, text


def _code(source: str, tokens: Iterable[Token]) -> str:
    """Return a source's tokens without statements that do nothing, such as docstrings.

    Args:
        source: text of a file.
        tokens: ``_tokens(source)`` of any Python version that can parse it; the result is the same.
    """
    kept: list[str] = []
    line: list[str] = []
    for kind, text in _joined(source, tokens):
        if kind in _LAYOUT:
            continue
        line.append(kind if kind in _MARKS else f"{kind} {text}")
        if kind in _MARKS:
            if kind != "NEWLINE" or not _idle(line[:-1]):
                kept += line
            line = []
    return "\0".join(kept)


def _idle(line: list[str]) -> bool:
    return line == ["NAME pass"] or all(map(_CONSTANT.match, line))


@cache
def _read(source: str) -> tuple[ast.Module, str]:
    """Return a file's syntax tree and its code; cached, since many digests share a file."""
    return ast.parse(source), _code(source, _tokens(source))


def modules(roots: Iterable[str]) -> dict[str, str]:
    """Return the code of every module of this repository that the roots import, directly or not, by name."""
    found: dict[str, str] = {}
    waiting = list(roots)
    while waiting:
        name = waiting.pop()
        file = _file(name)
        if name in found or file is None or name.split(".")[0] not in PACKAGES:
            continue
        tree, code = _read(file.read_text("utf-8"))
        waiting += _imports(tree, name)
        if "." in name:
            waiting.append(name.rpartition(".")[0])  # importing a module runs its packages first
        found[name] = code
    return found


def _digest(sources: dict[str, str]) -> str:
    text = "\0".join(f"{name}\0{sources[name]}" for name in sorted(sources))
    return hashlib.sha256(text.encode()).hexdigest()


def closure_digest(*roots: str) -> str:
    """Return the SHA-256 of the named modules and of all modules of this repository that they import."""
    return _digest(modules(roots))


def roots(framework: str) -> list[str]:
    """Return the modules that a run under one framework imports by name."""
    entry = FRAMEWORKS[framework]
    own = [entry.learner, *([entry.vmap_seeds] if entry.vmap_seeds else [])]
    return [*TRAINING, *own, *implementations(entry.root), *implementations("rhelbench.oracle")]


def implementations(root: str) -> list[str]:
    """Return the modules of one implementation that its registries import by name.

    Args:
        root: package of the implementation, for example ``"impl_jax"``.
    """
    folders = {"hamiltonians": HAMILTONIANS, "integrators": INTEGRATORS, "algorithms": ALGORITHMS}
    return [f"{root}.{folder}.{name}" for folder, names in folders.items() for name in names]


def code_digest(framework: str) -> str:
    """Return the SHA-256 of all code that decides a run's result under one framework (a key of FRAMEWORKS).

    It covers the import closure of ``roots``, but no code that only shows or stores results.
    """
    return closure_digest(*roots(framework))


def package_digest(package: str) -> str:
    """Return the SHA-256 of one package's own modules, for example ``"rhelbench.records"``."""
    folder = ROOT.joinpath(*package.split("."))
    files = sorted(folder.rglob("*.py"))
    return _digest({str(file.relative_to(folder)): _read(file.read_text("utf-8"))[1] for file in files})
