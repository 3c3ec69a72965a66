"""Measure the structure of the code: ``python docs/internals/structure.py [COMMIT ...]``; the working tree comes last.

A room is a package of ``rhelbench``, an implementation, ``kernels`` or ``paper_figures``; a loose module lies at the root of
``rhelbench``. A cycle is a pair of rooms that import each other, directly or through others.
"""

import ast
import re
import statistics
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

ROOTS = ("rhelbench", "impl_jax", "impl_torch", "kernels", "paper_figures")


def sources(commit: str | None) -> dict[str, str]:
    """The Python files of the code, by path."""
    if commit is None:
        return {str(path): path.read_text() for root in ROOTS for path in sorted(Path(root).rglob("*.py"))}
    listed = subprocess.run(["git", "ls-tree", "-r", "--name-only", commit, *ROOTS], capture_output=True, text=True, check=True)
    names = [name for name in listed.stdout.splitlines() if name.endswith(".py")]
    return {
        name: subprocess.run(["git", "show", f"{commit}:{name}"], capture_output=True, text=True, check=True).stdout
        for name in names
    }


def room(module: str) -> str:
    """The room of a module: ``rhelbench.stats`` of ``rhelbench.stats.pairs``, ``kernels`` of ``kernels.cpu.linear``."""
    parts = module.split(".")
    return ".".join(parts[:2]) if parts[0] == "rhelbench" else parts[0]


def imports(name: str, text: str, modules: set[str]) -> set[str]:
    """The project's modules that a file imports, wherever in the file."""
    found = set()
    for node in ast.walk(ast.parse(text, name)):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
    return found & modules


def cycles(edges: dict[str, set[str]]) -> list[tuple[str, ...]]:
    """The groups of rooms that reach each other."""
    reached: dict[str, set[str]] = {}
    for start in edges:
        seen, todo = set(), [start]
        while todo:
            for following in edges.get(todo.pop(), ()):
                if following not in seen:
                    seen.add(following)
                    todo.append(following)
        reached[start] = seen
    groups = {
        tuple(sorted({start} | {other for other in seen if start in reached.get(other, ())})) for start, seen in reached.items()
    }
    return sorted(group for group in groups if len(group) > 1)


def measure(commit: str | None = None) -> dict[str, str]:
    """Return the measures by name."""
    texts = sources(commit)
    named = {name.removesuffix(".py").removesuffix("/__init__").replace("/", "."): name for name in texts}
    modules = set(named)
    edges: dict[str, set[str]] = defaultdict(set)
    pairs = set()
    for module, name in named.items():
        for other in imports(name, texts[name], modules):
            if room(module) != room(other) and room(other) != "rhelbench" and room(module) != "rhelbench":
                edges[room(module)].add(room(other))
    for first in edges:
        pairs.update((first, second) for second in edges[first] if first in edges.get(second, ()) and first < second)
    lines = {name: text.count("\n") for name, text in texts.items() if text.count("\n") > 10}
    rooms = {"rhelbench." + name.split("/")[1] for name in texts if name.startswith("rhelbench/") and name.count("/") > 1}
    rooms |= set(ROOTS) - {"rhelbench"}
    loose = sorted(name.split("/")[1].removesuffix(".py") for name in texts if re.fullmatch(r"rhelbench/[a-z]\w*\.py", name))
    largest = max(lines, key=lambda name: lines[name])
    sizes = list(lines.values())
    both = ", ".join(" ↔ ".join(pair) for pair in sorted(pairs))
    return {
        "files of more than ten lines": str(len(lines)),
        "lines": f"{sum(sizes):,}",
        "largest file": f"`{largest}`, {lines[largest]} lines",
        "median file": f"{statistics.median(sizes):.0f} lines",
        "files over 200 lines": str(sum(n > 200 for n in sizes)),
        "rooms": str(len(rooms)),
        "loose modules of rhelbench": f"{len(loose)}: {', '.join(loose)}",
        "pairs of rooms that import each other": ": ".join([str(len(pairs)), *([both] if both else [])]),
        "rooms in a cycle": str(sum(map(len, cycles(edges)))),
    }


def main(*commits: str) -> None:
    """Print a table: a column per commit, the working tree last."""
    found = {name: measure(name) for name in commits} | {"now": measure()}
    print(f"| | {' | '.join(found)} |")
    print("|---" * (len(found) + 1) + "|")
    for name in found["now"]:
        print(f"| {name} | {' | '.join(column[name] for column in found.values())} |")


if __name__ == "__main__":
    main(*sys.argv[1:])
