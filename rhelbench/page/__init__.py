"""``results/index.html``: the claims, the two tables and the figures on one self-contained page."""

import base64
from pathlib import Path
from typing import Any

import jinja2
import pandas as pd

from paper_figures import tab1_accuracy, tab2_mse
from rhelbench.registry import MODELS
from rhelbench.stats import pages, reported
from rhelbench.stats.names import LABELS
from rhelbench.stats.records import Records
from rhelbench.stats.tables import Table

CAPTIONS = Path("workflows/report")
TEMPLATE = Path(__file__).with_name("template.html")
#: Columns of a printed table that name its row; the others are tasks.
HEAD = ("model", "algorithm", "source", "protocol")


def _rows(table: Table) -> list[dict[str, Any]]:
    """Return the rows of a printed table with what the filters need to know of each."""
    rows = []
    for row in table.wide.to_dict("records"):
        cells = [(str(name), str(value), str(name) if name not in HEAD else "") for name, value in row.items()]
        rows.append({"model": row["model"], "framework": row["source"], "protocol": row["protocol"], "cells": cells})
    return rows


def _pairs(pairs: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the paired differences as text, one row per pair with at least one seed."""
    rows = []
    for row in pairs[pairs.n > 0].to_dict("records"):
        scale = reported.SCALE[row["metric"]]
        known = pd.notna(row["low"])
        inside = f"{row['mean'] * scale:+.1f}" + (f" [{row['low'] * scale:+.1f}, {row['high'] * scale:+.1f}]" if known else "")
        needed = f"{int(row['seeds_needed'])}" if pd.notna(row["seeds_needed"]) else ("more than 1,000" if known else "")
        rows.append(
            {
                "task": row["task"], "model": MODELS[row["model"]].label, "framework": LABELS[row["framework"]],
                "protocol": row["protocol"], "n": f"{row['n']} of {row['expected']}", "difference": inside,
                "margin": f"± {row['margin'] * scale:.1f}", "verdict": row["verdict"], "informative": row["informative"],
                "detectable": f"{row['detectable'] * scale:.1f}" if known else "", "needed": needed,
            }
        )  # fmt: skip
    return rows


def _figures(folders: list[Path]) -> list[dict[str, str]]:
    """Return every PNG of the folders as a data URI with its caption, those of the results first."""
    first = ["final_metric", "forest", "learning_curves", "parity"]
    paths = [path for folder in folders for path in sorted(folder.glob("*.png"))]
    paths.sort(key=lambda path: first.index(path.stem) if path.stem in first else len(first))
    figures = []
    for path in paths:
        rst = CAPTIONS / f"{path.stem}.rst"
        caption = " ".join(rst.read_text(encoding="utf-8").split()) if rst.exists() else path.stem.replace("_", " ")
        data = base64.b64encode(path.read_bytes()).decode()
        figures.append({"name": path.stem, "caption": caption, "source": f"data:image/png;base64,{data}"})
    return figures


def render(records: Records, claims: Path, figures: list[Path]) -> str:
    """Return the page.

    Args:
        records: tidy results.
        claims: what the command ``claims`` wrote: claims.csv and tables of statistics/ are read.
        figures: folders whose PNG files are shown.
    """
    ledger = pd.read_csv(claims / "claims.csv", keep_default_na=False).to_dict("records")
    pairs = _pairs(pd.read_csv(claims / "statistics" / "pairs.csv"))
    tables = [tab1_accuracy.make(records), tab2_mse.make(records)]
    shown = [{"title": t.title, "note": t.note, "head": list(t.wide.columns), "rows": _rows(t)} for t in tables]
    rows = [row for table in shown for row in table["rows"]] + pairs
    tasks = [name for table in shown for name in table["head"] if name not in (*HEAD, "Avg")]
    filters = {
        "task": tasks,
        "model": list(dict.fromkeys(row["model"] for row in rows)),
        "framework": list(dict.fromkeys(row["framework"] for row in rows if row["framework"] != "paper")),
        "protocol": sorted({row["protocol"] for row in rows} - {""}),
    }
    statistics = claims / "statistics"
    effects = [pd.read_csv(statistics / f"{name}.csv") for name in ("deviations", "deviation_metrics")]
    template = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(TEMPLATE.read_text("utf-8"))
    context = {
        "ledger": ledger,
        "tables": shown,
        "pairs": pairs,
        "filters": filters,
        "head": HEAD,
        "deviations": pages.deviation_rows(*effects),
    }
    return template.render(**context, figures=_figures(figures), name=records.folder.name)
