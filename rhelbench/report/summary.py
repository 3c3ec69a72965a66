"""Summary of a matrix for a terminal: one line per configuration with a finished run."""

import pandas as pd

from rhelbench.names import LABELS
from rhelbench.registry import MODELS
from rhelbench.report.cells import remarks, value
from rhelbench.stats.configurations import summarise
from rhelbench.stats.runs import Records, without_overrides

#: Width of a terminal, in characters.
WIDTH = 100


def terminal(records: Records) -> str:
    """Return a table with at most ``WIDTH`` characters per line.

    Accuracies in %, MSE in units of 0.01, mean ± population sd over seeds, and counts.
    """
    table = without_overrides(summarise(records))
    # Configurations without a finished run are only counted, so 280 planned runs do not fill the screen.
    touched = table[table.missing < table.expected]
    rows = [
        {
            "task": cell.task,
            "model": MODELS[cell.model].label,
            "algorithm": LABELS[cell.algorithm] if MODELS[cell.model].hamiltonian else "",
            "framework": LABELS[cell.framework],
            "protocol": cell.protocol,
            "test": f"{value(cell['mean'], cell.sd, cell.metric, cell.n)}{' %' if cell.metric == 'accuracy' and cell.n else ''}",
            "counts": f"{cell.correct}/{cell.total}" if pd.notna(cell.total) else "",
            "seeds": f"{cell.n}/{cell.expected}",
        }
        for _, cell in touched.iterrows()
    ]
    frame = pd.DataFrame(rows)
    notes = [remarks(cell).removeprefix(f"n = {cell.n}, ") for _, cell in touched.iterrows()]
    lines = [_align(frame, notes)] if rows else ["No run has ended yet."]
    waiting = len(table) - len(touched)
    if waiting:
        lines.append(f"{waiting} of {len(table)} cells have no run yet.")
    if (touched.metric == "accuracy").any():
        lines.append("test: accuracy, mean ± sd over seeds; counts: correct/total test samples of all seeds.")
    if (touched.metric == "mse").any():
        lines.append("MSE in units of 0.01.")
    return "\n".join(lines) + "\n"


def _align(frame: pd.DataFrame, notes: list[str]) -> str:
    frame = frame.loc[:, [name for name in frame if (frame[name] != "").any()]]
    rows = [[str(name) for name in frame], *frame.to_numpy().tolist()]
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    body = [line for row, note in zip(lines[1:], notes, strict=True) for line in ([row, f"  └ {note}"] if note else [row])]
    return "\n".join([lines[0], "  ".join("─" * width for width in widths), *body])
