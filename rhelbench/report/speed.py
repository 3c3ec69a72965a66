"""Published benchmarks: time and memory of an optimiser step against the released code's, and goals."""

from pathlib import Path

import pandas as pd

from rhelbench.bench import plan, rivals
from rhelbench.records import tidy
from rhelbench.registry import MODELS

#: Largest time in GEMM lower bounds, by framework; smallest speedup over the released code; largest time of RHEL over BPTT.
GEMM_BOUNDS = {"torch": 2.5, "jax": 4.0}
FASTER, FASTER_HEARTBEAT, ECHO = 4.0, 3.0, 1.3
#: Largest peak memory of RHEL for the long shape, as a fraction of BPTT's and in MiB.
LONG, PART, MOST_MIB = "PPG-DaLiA", 0.5, 2500.0
_CELL = ["task", "framework", "kernel", "model"]


def models(benchmarks: Path) -> pd.DataFrame:
    """Return the table of whole models with derived columns.

    ``slower``: this host's reference timing over that of the released code's host, by the one that favours that
    code (below 1 on a faster host). ``speedup``: the released code's time, scaled by it, over ours. ``bounds``: time
    over the GEMM lower bound. ``over_bptt``: time over BPTT's in the same framework and kernel. ``memory``: peak
    over BPTT's. ``peak_mib``: peak in MiB.

    Args:
        benchmarks: folder with models.csv.
    """
    table = tidy.read(benchmarks / f"{plan.MODELS}.csv")
    theirs = rivals.read().rename(columns={"step_ms": "reported_ms", "peak_mib": "reported_mib"})
    table = table.merge(theirs, on=[*rivals.SHAPE, "model", "algorithm"], how="left")
    bptt = table[table.algorithm == "bptt"][[*_CELL, "step_ms", "peak_bytes"]]
    table = table.merge(bptt, on=_CELL, how="left", suffixes=("", "_bptt"))
    table["slower"] = rivals.slower(table.sgemm_ms, table.copy_ms)
    table["speedup"] = table.reported_ms * table.slower / table.step_ms
    table["bounds"] = table.step_ms / table.gemm_bound_ms
    table["over_bptt"] = table.step_ms / table.step_ms_bptt
    table["peak_mib"] = table.peak_bytes / 2**20
    table["memory"] = table.peak_bytes / table.peak_bytes_bptt
    order = {task: i for i, task in enumerate(dict.fromkeys(theirs.task))}
    return table.sort_values(
        ["task", "model", "algorithm", "framework", "kernel"], key=lambda c: c.map(order) if c.name == "task" else c
    )


def goals(table: pd.DataFrame) -> pd.DataFrame:
    """Return each goal: its text, measurements that meet it, all measurements, the worst number and its measurement.

    A configuration counts once, with its faster kernel; the portable one only serves as reference.
    """
    table = table.sort_values("step_ms").drop_duplicates(["task", "framework", "model", "algorithm"])
    echo, rows = table[table.algorithm == "rhel"], []

    def judge(what: str, part: pd.DataFrame, column: str, limit: float, at_most: bool) -> None:
        part = part[part[column].notna()]
        if part.empty:
            return
        met = part[column] <= limit if at_most else part[column] >= limit
        worst = part.iloc[int(part[column].argmax() if at_most else part[column].argmin())]
        cell = f"{worst.task}, {MODELS[worst.model].label}, {worst.algorithm}, {worst.framework} {worst.kernel}"
        rows.append({"goal": what, "met": int(met.sum()), "of": len(part), "worst": float(worst[column]), "cell": cell})

    for framework, limit in GEMM_BOUNDS.items():
        judge(f"at most {limit:g} GEMM bounds, {framework}", table[table.framework == framework], "bounds", limit, at_most=True)
    easier = (table.task == "Heartbeat") & ((table.algorithm == "bptt") | (table.model == "nonlinear"))
    judge(f"at least {FASTER:g} times the released code", table[~easier], "speedup", FASTER, at_most=False)
    judge(
        f"at least {FASTER_HEARTBEAT:g} times it, Heartbeat BPTT and nonlinear",
        table[easier],
        "speedup",
        FASTER_HEARTBEAT,
        at_most=False,
    )
    judge(f"RHEL at most {ECHO:g} times BPTT's time", echo, "over_bptt", ECHO, at_most=True)
    long = echo[echo.task == LONG]
    judge(f"{LONG}: RHEL at most half of BPTT's peak memory", long, "memory", PART, at_most=True)
    judge(f"{LONG}: RHEL's peak memory at most {MOST_MIB:,.0f} MiB", long, "peak_mib", MOST_MIB, at_most=True)
    return pd.DataFrame(rows, columns=["goal", "met", "of", "worst", "cell"])
