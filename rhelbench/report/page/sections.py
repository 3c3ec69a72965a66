"""Tables of the page: title, note, rows of text, and filters."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from rhelbench.names import LABELS
from rhelbench.records import reported
from rhelbench.registry import MODELS
from rhelbench.report import pairs as columns
from rhelbench.report.tables import Table

#: Columns of a printed table that identify its row; the others are tasks.
HEAD = ("model", "algorithm", "source", "protocol")
FILTERS = ("task", "model", "framework", "protocol")


@dataclass(frozen=True)
class Section:
    """One table of the page.

    Args:
        name: its id.
        title: one line.
        note: an explanation.
        rows: per row ``cells``, a list of (heading, text, task of the column or ""), and the row's values of FILTERS.
        empty: text if there are no rows.
    """

    name: str
    title: str
    note: str
    rows: list[dict[str, Any]]
    empty: str = "Not measured."
    kind: str = field(default="plain")

    @property
    def head(self) -> list[tuple[str, str]]:
        """Return (heading, task of the column or "") in order."""
        return [(name, task) for name, _, task in self.rows[0]["cells"]] if self.rows else []


def printed(table: Table) -> Section:
    """Return Table 1 or 2 as a section; the paper's rows have the framework ``paper``."""
    rows = []
    for row in table.wide.to_dict("records"):
        cells = [(str(name), str(text), "" if name in HEAD else str(name)) for name, text in row.items()]
        rows.append({"model": row["model"], "framework": row["source"], "protocol": row["protocol"], "cells": cells})
    return Section(table.title.split(":")[0].lower().replace(" ", ""), table.title, table.note, rows, "", "wide")


def as_row(values: dict[str, str]) -> dict[str, Any]:
    """Return a row of a section: a cell per heading, and its values of FILTERS."""
    return {name: values[name] for name in FILTERS if name in values} | {
        "cells": [(name, text, "") for name, text in values.items()]
    }


def names(row: Mapping[Any, Any]) -> dict[str, str]:
    """Return the identifying columns of a row of statistics, as printed."""
    words: dict[str, Callable[[str], str]] = {"model": lambda name: MODELS[name].label, "algorithm": LABELS.__getitem__}
    words |= {"framework": LABELS.__getitem__}
    order = ("task", "model", "algorithm", "framework", "protocol")
    return {name: words.get(name, str)(str(row[name])) for name in order if name in row}


def number(value: float, metric: str) -> str:
    """Return a value in the paper's unit; empty without a value."""
    return "" if pd.isna(value) else f"{value * reported.SCALE[metric]:.1f}"


def p_value(value: float) -> str:
    """Return a p value with two digits; empty without a test."""
    return "" if pd.isna(value) else f"{value:.2g}"


def pairs(table: pd.DataFrame) -> Section:
    """RHEL − BPTT, one row per pair with at least one seed."""
    rows = [as_row(columns.printed(row)) for row in table[table.n > 0].to_dict("records")]
    note = (
        f"{columns.MEANING}The exact sign flips are not adjusted. Learned: is either algorithm better than the majority "
        "baseline by more than the margin? Detectable: the smallest difference these seeds could have found with 80 % power."
    )
    return Section("pairs", "RHEL − BPTT, paired by seed", note, rows, "No pair has been run yet.", "pairs")
