"""Numbers in README.md and docs/, in blocks that are filled from results/published."""

import re
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from rhelbench.errors import unknown_name
from rhelbench.names import LABELS
from rhelbench.records import reported, tidy
from rhelbench.records.collected import read
from rhelbench.registry import ALGORITHMS, MODELS
from rhelbench.report import findings, summary, tables
from rhelbench.report.blocks import cluster, deviations, gpu, limit, memory, pairs, rules, second_training, speed
from rhelbench.report.write import to_markdown
from rhelbench.stats.runs import Records, overriding_value

#: ``<!-- results: NAME -->``, the generated text, ``<!-- end -->``.
_BLOCK = re.compile(r"(?P<head>[ ]*<!-- results: (?P<name>\w+) -->\n).*?(?P<end>[ ]*<!-- end -->)", re.DOTALL)


def _table(records: Records) -> str:
    return f"```\n{summary.terminal(records)}```\n"


def _some(records: Records, chosen: Callable[[Records], object]) -> Records:
    return Records(records.folder, records.runs[chosen(records)], records.history)  # type: ignore[index]


def smoke(records: Records) -> str:
    """Return the final table of `make smoke`: BasicMotions under exact."""
    return _table(
        _some(records, lambda r: (r.runs.task == "BasicMotions") & (r.runs.protocol == "exact") & (r.runs.model != "majority"))
    )


def published(records: Records) -> str:
    """Return the paper's numbers and ours for the paper's tasks, by protocol."""
    own = _some(records, lambda r: r.runs.task.isin(reported.order()) & ~r.runs.protocol.str.contains("+", regex=False))
    found = [tables.build(own, metric) for metric in tables.TITLES]
    return "\n\n".join(f"{to_markdown(table.wide)}\n\n{table.note}" for table in found if len(table.wide)) + "\n"


def memory_tasks(records: Records) -> str:
    """Return the table of the memory tasks."""
    return _table(_some(records, lambda r: r.runs.task.str.contains(findings.MEMORY)))


def estimators(records: Records) -> str:
    """Return two tables of gradient estimators, from their study: of all, and of the random ones."""
    folder, parts = records.folder / "static", {"theta": "θ and δ", "drive": "drive"}
    table, states_kept = tidy.read(folder / "estimators.csv"), tidy.read(folder / "estimators_memory.csv")
    states = states_kept.pivot(index=["model", "estimator"], columns="length", values="states").to_dict("index")
    cosine = table.pivot(index=["model", "estimator"], columns="part", values="cosine").to_dict("index")
    heads = ["unit", "estimator", "passes", "steps, pair steps, adjoints", "forces"]
    heads += [f"memory, {length:,} steps" for length in sorted(set(states_kept.length))]
    heads += [f"cosine, {part}" for part in parts.values()]
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for r in table[table.part == "theta"].itertuples():
        counts = ", ".join(f"{count:.3g}" for count in (r.steps, r.pair_steps, r.adjoints))
        cells = [r.model, f"`{r.estimator}`", f"{r.passes:.3g}", counts, f"{r.forces:.3g}"]
        cells += [f"{held:,.0f}" for held in states[r.model, r.estimator].values()]
        cells += [f"{cosine[r.model, r.estimator][part]:.4f}" for part in parts]
        lines.append(f"| {' | '.join(map(str, cells))} |")
    heads = ["unit", "estimator", "of", "sd/norm", "bias along the gradient", "draws for RTRL's passes", "cosine of their mean"]
    lines += ["", f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    lines += [
        f"| {r.model} | `{r.estimator}` | {parts[str(r.part)]} | {r.sd:.2g} | {r.slope_bias:+.2f} ± {r.slope_bias_error:.2f} | "
        f"{r.equal_draws} | {r.equal_cosine:.2f} |"
        for r in table[[ALGORITHMS[name].random for name in table.estimator]].itertuples()
    ]
    return "\n".join(lines) + "\n"


def trained(records: Records) -> str:
    """Return the results of training with other gradient estimators (config/trained.yaml)."""
    runs = read(records.folder / "trained").plain()
    runs = runs.assign(way=overriding_value(runs, "algorithm", runs.algorithm))
    lines = ["| model | trained with | test accuracy, % | seeds |", "|---|---|---|---|"]
    for model, own in runs.groupby("model"):
        for way in (name for name in LABELS if name in set(own.way)):
            part = own[own.way == way]
            mean, sd = part.value.mean() * 100, part.value.std(ddof=0) * 100
            cells = (MODELS[str(model)].label, LABELS[way], f"{mean:.1f} ± {sd:.1f}", len(part))
            lines.append(f"| {' | '.join(map(str, cells))} |")
    return "\n".join(lines) + "\n"


def hours(records: Records) -> str:
    """Return the cost of each task: runs, optimiser steps and hours by device, runs with overrides included."""
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
    return to_markdown(pd.DataFrame(rows)) + "\n"


#: Functions by block name.
BLOCKS: dict[str, Callable[[Records], str]] = {
    "smoke": smoke,
    "published": published,
    "memory": memory_tasks,
    "findings": findings.sentences,
    "hours": hours,
    "estimators": estimators,
    "trained": trained,
    **second_training.BLOCKS,
    **cluster.BLOCKS,
    **deviations.BLOCKS,
    **gpu.BLOCKS,
    **limit.BLOCKS,
    **memory.BLOCKS,
    **pairs.BLOCKS,
    **rules.BLOCKS,
    **speed.BLOCKS,
}


def fill(text: str, records: Records) -> str:
    """Return a Markdown text with every block filled.

    Args:
        text: content of the file.
        records: results/published.

    Raises:
        UserError: a block of an unknown name.
    """

    def one(match: re.Match[str]) -> str:
        if match["name"] not in BLOCKS:
            raise unknown_name("block of results", match["name"], list(BLOCKS))
        return f"{match['head']}{BLOCKS[match['name']](records)}{match['end']}"

    return _BLOCK.sub(one, text)


def outside(text: str) -> str:
    """Return the text without its blocks."""
    return _BLOCK.sub("", text)


def files(root: Path) -> list[Path]:
    """Return README.md and every page of docs/."""
    return [root / "README.md", *sorted((root / "docs").glob("*.md"))]
