"""Write tables as CSV, Markdown and LaTeX, atomically."""

from pathlib import Path

import pandas as pd

from rhelbench.files import write_atomically, write_csv
from rhelbench.report.tables import Table

_TEX = {
    "\\": r"\textbackslash{}",
    "&": r"\&",
    "%": r"\%",
    "_": r"\_",
    "#": r"\#",
    "±": r"$\pm$",
    "–": "--",
    "ε": r"$\varepsilon$",
    "−": "$-$",
}


def write_text(path: Path, content: str) -> Path:
    """Write a text file atomically; return its path."""
    write_atomically(path, content)
    return path


def to_markdown(frame: pd.DataFrame) -> str:
    """Return a table as Markdown."""
    return frame.to_markdown(index=False, disable_numparse=True) if len(frame) else ""


def to_latex(table: Table) -> str:
    """Return a LaTeX ``table`` (needs ``booktabs`` and ``graphicx``)."""
    if table.wide.empty:
        return f"% {table.title}: {table.note}\n"
    lines = [r"\begin{table}", r"\centering\small", rf"\caption{{{_tex(table.title)}. {_tex(table.note)}}}"]
    lines += [r"\resizebox{\textwidth}{!}{", rf"\begin{{tabular}}{{{'l' * len(table.wide.columns)}}}", r"\toprule"]
    lines += [" & ".join(_tex(str(name)) for name in table.wide.columns) + r" \\", r"\midrule"]
    previous = None
    for row in table.wide.itertuples(index=False):
        if previous is not None and row[0] != previous:
            lines.append(r"\midrule")
        previous = row[0]
        lines.append(" & ".join(_tex(str(cell)) for cell in row) + r" \\")
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}}", r"\end{table}", ""])


def _tex(raw: str) -> str:
    return "".join(_TEX.get(letter, letter) for letter in raw)


def write_table(stem: Path, content: Table) -> list[Path]:
    """Write ``stem``.csv (long form), .md and .tex (printed form)."""
    md = f"**{content.title}.** {content.note}\n\n{to_markdown(content.wide)}\n"
    return [
        write_csv(stem.with_suffix(".csv"), content.long),
        write_text(stem.with_suffix(".md"), md),
        write_text(stem.with_suffix(".tex"), to_latex(content)),
    ]
