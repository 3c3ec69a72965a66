"""Numbers in README.md and docs/: each stands in a block that is filled from results/published, never typed."""

import re
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from rhelbench.errors import unknown
from rhelbench.registry import MODELS
from rhelbench.stats import (
    findings,
    quote_again,
    quote_cluster,
    quote_gpu,
    quote_limit,
    quote_memory,
    quote_pairs,
    quote_rules,
    quote_speed,
    reported,
    summary,
    tables,
)
from rhelbench.stats.names import LABELS
from rhelbench.stats.records import Records, overridden, read
from rhelbench.stats.write import markdown

#: ``<!-- results: NAME -->``, whatever the build step puts there, ``<!-- end -->``.
_BLOCK = re.compile(r"(?P<head>[ ]*<!-- results: (?P<name>\w+) -->\n).*?(?P<end>[ ]*<!-- end -->)", re.DOTALL)


def _table(records: Records) -> str:
    return f"```\n{summary.terminal(records)}```\n"


def _some(records: Records, chosen: Callable[[Records], object]) -> Records:
    return Records(records.folder, records.runs[chosen(records)], records.history)  # type: ignore[index]


def smoke(records: Records) -> str:
    """Return the table that ends `make smoke`: BasicMotions under exact."""
    return _table(
        _some(records, lambda r: (r.runs.task == "BasicMotions") & (r.runs.protocol == "exact") & (r.runs.model != "majority"))
    )


def published(records: Records) -> str:
    """Return the paper's numbers and ours for the paper's tasks that were run, by protocol in full."""
    own = _some(records, lambda r: r.runs.task.isin(reported.order()) & ~r.runs.protocol.str.contains("+", regex=False))
    found = [tables.build(own, metric, "") for metric in tables.METRIC]
    return "\n\n".join(f"{markdown(table.wide)}\n\n{table.note}" for table in found if len(table.wide)) + "\n"


def memory(records: Records) -> str:
    """Return the table of the memory tasks."""
    return _table(_some(records, lambda r: r.runs.task.str.contains(findings.MEMORY)))


def estimators(records: Records) -> str:
    """Return the table of the ways to a gradient, from the study's own."""
    table = pd.read_csv(records.folder / "static" / "estimators.csv")
    wide = table[table.part == "theta"].merge(table[table.part == "drive"], on=["model", "estimator"], suffixes=("", "_drive"))
    lines = [
        "| unit | estimator | passes | cosine, θ and δ | cosine, drive | sd/norm, θ and δ | sd/norm, drive |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {r.model} | `{r.estimator}` | {r.passes} | {r.cosine:.4f} | {r.cosine_drive:.4f} | {r.sd:.2g} | {r.sd_drive:.2g} |"
        for r in wide.itertuples()
    ]
    return "\n".join(lines) + "\n"


def trained(records: Records) -> str:
    """Return what training with other ways to a gradient led to (config/trained.yaml)."""
    runs = read(records.folder / "trained").plain()
    runs = runs.assign(way=overridden(runs, "algorithm", runs.algorithm))
    lines = ["| model | trained with | test accuracy, % | seeds |", "|---|---|---|---|"]
    for model, own in runs.groupby("model"):
        for way in (name for name in LABELS if name in set(own.way)):
            part = own[own.way == way]
            mean, sd = part.value.mean() * 100, part.value.std(ddof=0) * 100
            cells = (MODELS[str(model)].label, LABELS[way], f"{mean:.1f} ± {sd:.1f}", len(part))
            lines.append(f"| {' | '.join(map(str, cells))} |")
    return "\n".join(lines) + "\n"


def hours(records: Records) -> str:
    """Return what each task's cells cost: runs, steps and hours of wall time by device; runs with overrides included."""
    runs = records.runs[records.runs.model.map(lambda name: MODELS[str(name)].trained) & records.runs.total_s.notna()]
    runs = runs.assign(protocol=runs.protocol.str.partition("+")[0]).sort_values(
        ["task", "framework"], key=lambda column: column.map(reported.places(column)) if column.name == "task" else column,
        kind="stable",
    )  # fmt: skip
    rows = []
    for key, part in runs.groupby(["task", "framework", "protocol", "model", "algorithm", "device"], sort=False):
        task, framework, protocol, model, algorithm, device = map(str, key)
        row = {"task": task, "framework": LABELS[framework], "protocol": protocol, "model": MODELS[model].label}
        row |= {"algorithm": LABELS[algorithm], "device": device, "runs": len(part)}
        rows.append(row | {"steps a run": f"{part.last_step.median():,.0f}", "hours in all": f"{part.total_s.sum() / 3600:.2f}"})
    return markdown(pd.DataFrame(rows)) + "\n"


#: Name of a block to what fills it.
BLOCKS: dict[str, Callable[[Records], str]] = {
    "smoke": smoke,
    "published": published,
    "memory": memory,
    "findings": findings.sentences,
    "hours": hours,
    "estimators": estimators,
    "trained": trained,
    **quote_again.BLOCKS,
    **quote_cluster.BLOCKS,
    **quote_gpu.BLOCKS,
    **quote_limit.BLOCKS,
    **quote_memory.BLOCKS,
    **quote_pairs.BLOCKS,
    **quote_rules.BLOCKS,
    **quote_speed.BLOCKS,
}


def fill(text: str, records: Records) -> str:
    """Return a Markdown text with every block filled.

    Args:
        text: of the file.
        records: results/published.

    Raises:
        UserError: a block of an unknown name.
    """

    def one(match: re.Match[str]) -> str:
        if match["name"] not in BLOCKS:
            raise unknown("block of results", match["name"], list(BLOCKS))
        return f"{match['head']}{BLOCKS[match['name']](records)}{match['end']}"

    return _BLOCK.sub(one, text)


def outside(text: str) -> str:
    """Return the text without its blocks."""
    return _BLOCK.sub("", text)


def files(root: Path) -> list[Path]:
    """Return README.md and every page of docs/."""
    return [root / "README.md", *sorted((root / "docs").glob("*.md"))]
