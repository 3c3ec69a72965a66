"""``results/index.html``: claims, tables and figures on one self-contained page."""

from pathlib import Path

import pandas as pd

from rhelbench.files import find
from rhelbench.plotting.html import data_uri
from rhelbench.plotting.html import render as render_template
from rhelbench.records import tidy
from rhelbench.registry import FIGURES
from rhelbench.report import pages, tables
from rhelbench.report.page import sections
from rhelbench.report.page.statistics import SECTIONS
from rhelbench.stats.runs import Records

CAPTIONS = Path("workflows/report")
TEMPLATE = Path(__file__).with_name("template.html")


def _figures(folders: list[Path]) -> list[dict[str, str]]:
    """Return every PNG of the folders as data URI with caption, in registry order, others last."""
    order = list(FIGURES)
    paths = [path for folder in folders for path in sorted(folder.glob("*.png"))]
    paths.sort(key=lambda path: order.index(path.stem) if path.stem in order else len(order))
    figures = []
    for path in paths:
        rst = find(CAPTIONS / f"{path.stem}.rst")
        caption = " ".join(rst.read_text(encoding="utf-8").split()) if rst.exists() else path.stem.replace("_", " ")
        figures.append({"name": path.stem, "caption": caption, "source": data_uri(path)})
    return figures


def render(records: Records, claims: Path, figures: list[Path]) -> str:
    """Return the page.

    Args:
        records: one row per run.
        claims: folder of the command ``claims``, with claims.csv and statistics/.
        figures: folders of PNG files.
    """
    statistics = claims / "statistics"
    found = {path.stem: tidy.read(path) for path in sorted(statistics.glob("*.csv"))}
    shown = [sections.printed(tables.build(records, metric)) for metric in tables.TITLES]
    shown.append(sections.pairs(found["pairs"]))
    behind = [make(found[name]) for name, make in SECTIONS.items() if name in found]
    rows = [row for section in (*shown, *behind) for row in section.rows]
    printed = [task for section in shown for _, task in section.head if task and task != "Avg"]
    tasks = dict.fromkeys([*printed, *(row["task"] for row in rows if "task" in row)])
    filters = {
        "task": list(tasks),
        "model": list(dict.fromkeys(row["model"] for row in rows if "model" in row)),
        "framework": list(dict.fromkeys(row["framework"] for row in rows if row.get("framework") not in (None, "paper"))),
        "protocol": sorted({row.get("protocol", "") for row in rows} - {""}),
    }
    ledger = pd.read_csv(claims / "claims.csv", keep_default_na=False)
    context = {
        "ledger": ledger.to_dict("records"),
        "counts": pages.counts(ledger),
        "tables": shown,
        "behind": behind,
        "filters": filters,
        "deviations": pages.deviation_rows(*(found[f"deviation{name}"] for name in ("s", "_metrics", "_rounding", "_factors"))),
        "figures": _figures(figures),
        "name": records.folder.name,
    }
    return render_template(TEMPLATE, **context)
