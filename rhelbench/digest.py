"""What the code says, as a number that every Python finds: comments, docstrings and line breaks do not count."""

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
#: Folders that are ours; what is imported from elsewhere is fixed by constraints.txt.
PACKAGES = ("rhelbench", "kernels", *sorted({entry.root.partition(".")[0] for entry in FRAMEWORKS.values()} - {"rhelbench"}))
#: What decides a run's result, beside its framework's learner.
TRAINING = ("rhelbench.training.trainer", "rhelbench.training.setup")
#: Tokens that say nothing, and those that say what they are by their kind alone.
_LAYOUT = {"ENCODING", "COMMENT", "TYPE_COMMENT", "TYPE_IGNORE", "NL", "ENDMARKER"}
_MARKS = {"NEWLINE", "INDENT", "DEDENT"}
#: A string that is none of f"…" and t"…", whose parts may have effects.
_CONSTANT = re.compile(r"STRING [BRUbru]*['\"]")

#: Kind, text, and the (row, column) where it starts and ends.
Token = tuple[str, str, tuple[int, int], tuple[int, int]]


def _file(module: str) -> Path | None:
    path = ROOT.joinpath(*module.split("."))
    return next((file for file in (path.with_suffix(".py"), path / "__init__.py") if file.is_file()), None)


def _imports(tree: ast.AST, module: str) -> Iterator[str]:
    """Every module a file may import, and every name it takes from one: the name may be a module too."""
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
    """Yield (kind, text) with each f-string as the one STRING that it is to Python 3.11; 3.12 and later yield its parts."""
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
    """Return what a source's tokens say; statements that do nothing, docstrings above all, are left out.

    Args:
        source: a file's text.
        tokens: ``_tokens(source)``, of any Python that can read it: the answer is the same.
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
    """Return a file's syntax tree and its code; many digests share a file."""
    return ast.parse(source), _code(source, _tokens(source))


def modules(roots: Iterable[str]) -> dict[str, str]:
    """Return every module of ours that the roots import, directly or not: name to code without docstrings."""
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
    """Return the SHA-256 of every module of ours that the named modules import, directly or not, themselves included."""
    return _digest(modules(roots))


def roots(framework: str) -> list[str]:
    """Return the modules that a run under one framework starts from, imported by name."""
    entry = FRAMEWORKS[framework]
    own = [entry.learner, *([entry.vmap_seeds] if entry.vmap_seeds else [])]
    return [*TRAINING, *own, *implementations(entry.root), *implementations("rhelbench.oracle")]


def implementations(root: str) -> list[str]:
    """Return the modules of one implementation that its registries import by name."""
    folders = {"hamiltonians": HAMILTONIANS, "integrators": INTEGRATORS, "algorithms": ALGORITHMS}
    return [f"{root}.{folder}.{name}" for folder, names in folders.items() for name in names]


def code_digest(framework: str) -> str:
    """Return the SHA-256 of all code that decides a run's result under one framework (a key of FRAMEWORKS).

    It covers the import closure of ``roots``, not what merely shows or stores results.
    """
    return closure_digest(*roots(framework))


def package_digest(package: str) -> str:
    """Return the SHA-256 of one package's own modules, for example ``"rhelbench.records"``."""
    folder = ROOT.joinpath(*package.split("."))
    files = sorted(folder.rglob("*.py"))
    return _digest({str(file.relative_to(folder)): _read(file.read_text("utf-8"))[1] for file in files})
