"""Blocks of docs/performance.md about a GPU, from results/published/benchmarks/gpu."""

from collections.abc import Callable

import pandas as pd

from rhelbench.bench import plan, rivals
from rhelbench.claims.evidence import BENCHMARKS
from rhelbench.config import hyperparameters
from rhelbench.records import tidy
from rhelbench.registry import MODELS
from rhelbench.report.blocks.cluster import fewest
from rhelbench.report.write import to_markdown
from rhelbench.spec import Budget
from rhelbench.stats.runs import Records

FOLDER = BENCHMARKS / "gpu"
#: Printed names of the passes, by pass and whether ``forward`` stores every momentum.
NAMES = {
    ("forward", False): "forward (RHEL)",
    ("forward", True): "forward (BPTT)",
    ("adjoint", False): "adjoint",
    ("pair_echo", False): "both echoes, exact rule",
    ("released_echo", False): "both echoes, released rule",
}


def passes(records: Records) -> str:
    """Return the time of each pass, against a copy's bandwidth and the latency bound."""
    table = tidy.read(records.folder / FOLDER / "passes.csv")
    order = list(NAMES.values())
    table["name"] = [NAMES[name, kept] for name, kept in zip(table["pass"], table.kept, strict=True)]
    table = table.sort_values(
        ["hamiltonian", "length", "lanes", "name"], key=lambda c: c.map(order.index) if c.name == "name" else c
    )
    table["share"], table["each"], table["chains"] = (
        table.gb_s / table.copy_gb_s,
        1e3 * table.us / table.length,
        table.us / table.chain_us,
    )
    rows = [
        {
            "unit": r.hamiltonian,
            "steps x lanes": f"{r.length:,} x {r.lanes:,}",
            "pass": r.name,
            "µs": f"{r.us:,.0f}",
            "of a copy's bandwidth": f"{r.share:.2f}",
            "ns a step": f"{r.each:.0f}",
            "in its chain of steps": f"{r.chains:.2f}".replace("nan", ""),
        }
        for r in table.itertuples()
    ]
    return to_markdown(pd.DataFrame(rows)) + "\n"


def models(records: Records) -> str:
    """Return the time of an optimiser step, and the device's memory if it was recorded."""
    table = tidy.read(records.folder / FOLDER / f"{plan.MODELS}.csv")
    order = {task: i for i, task in enumerate(dict.fromkeys(rivals.read().task))}
    table = table.sort_values(["task", "model", "algorithm"], key=lambda c: c.map(order) if c.name == "task" else c)
    table["mib"] = table.device_peak_bytes / 2**20
    rows = [
        {
            "task": r.task,
            "model": MODELS[str(r.model)].label,
            "algorithm": r.algorithm,
            "framework": r.framework,
            "ms per step (quartiles)": f"{r.step_ms:.2f} ({r.step_ms_q1:.2f}-{r.step_ms_q3:.2f})",
            "device's peak MiB": f"{r.mib:,.0f}".replace("nan", ""),
            "compile s": f"{r.compile_s:.1f}",
        }
        for r in table.itertuples()
    ]
    return to_markdown(pd.DataFrame(rows)) + "\n"


def cost(records: Records) -> str:
    """Return the minutes of one run by task, for the fewest possible optimiser steps and for all."""
    table = tidy.read(records.folder / FOLDER / f"{plan.MODELS}.csv")
    table = table[table.framework == "torch"]
    rows = []
    for task in dict.fromkeys(rivals.read().task):
        ms = table[table.task == task].step_ms.median()
        found = hyperparameters.select_settings(hyperparameters.read_hyperparameters(), task, "linear")
        budget = Budget.model_validate({name: found[name] for name in Budget.model_fields})
        minutes = {f"minutes, {steps:,} steps": f"{ms * steps / 6e4:.1f}" for steps in (fewest(budget), budget.steps)}
        rows.append({"task": task, "ms per step, median": f"{ms:.1f}"} | minutes)
    return to_markdown(pd.DataFrame(rows)) + "\n"


def device(records: Records) -> str:
    """Return the device's name and the bandwidth of a copy on it."""
    table = tidy.read(records.folder / FOLDER / "passes.csv")
    return f"{', '.join(sorted(set(table.device)))}; a copy of 1 GiB moves {table.copy_gb_s.max():,.0f} GB/s, read and written.\n"


#: Functions by block name.
BLOCKS: dict[str, Callable[[Records], str]] = {"gpu_device": device, "gpu_passes": passes, "gpu_models": models, "gpu_cost": cost}
