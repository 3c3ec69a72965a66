"""Blocks of docs/performance.md, from the published benchmarks and records."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from rhelbench.bench import overhead, plan, rivals
from rhelbench.claims.evidence import BENCHMARKS
from rhelbench.config import expand
from rhelbench.records import tidy
from rhelbench.registry import FRAMEWORKS, MODELS
from rhelbench.report import speed
from rhelbench.report.write import to_markdown
from rhelbench.stats.runs import Records


def _table(rows: list[dict[str, object]]) -> str:
    return to_markdown(pd.DataFrame(rows)).replace(" nan ", "     ") + "\n"


def _where(table: pd.DataFrame) -> str:
    return f"Measured on {', '.join(sorted(set(table.processor)))}.\n\n"


#: Folder of earlier measurements, with the kernels of that time.
AMD = BENCHMARKS / "amd"


def machine(records: Records, folder: Path = BENCHMARKS) -> str:
    """Return host and load of the benchmarks, one line per framework and processor."""
    table = tidy.read(records.folder / folder / f"{plan.MODELS}.csv")

    def line(framework: object, processor: object, part: pd.DataFrame) -> str:
        low, high = part.min(numeric_only=True), part.max(numeric_only=True)
        load, product, copy = (f"{low[name]:.3g} to {high[name]:.3g}" for name in ("load", "sgemm_ms", "copy_ms"))
        return (
            f"- {framework}: {processor}, {part.cores.max()} cores; load {load}; yardsticks beside the cells: "
            f"product {product} ms, copy {copy} ms\n"
        )

    lines = [line(framework, processor, part) for (framework, processor), part in table.groupby(["framework", "processor"])]
    return "".join(lines) + f"- the released code's machine: product {rivals.SGEMM_MS:g} ms, copy {rivals.COPY_MS:g} ms\n"


def goals(records: Records, folder: Path = BENCHMARKS) -> str:
    """Return which goals are met, and where."""
    return _table(
        [
            {"goal": r.goal, "met in": f"{r.met} of {r.of} cells", "worst": f"{r.worst:,.3g}", "where": r.cell}
            for r in speed.goals(speed.models(records.folder / folder)).itertuples()
        ]
    )


def earlier(records: Records) -> str:
    """Return the same for the other host."""
    return machine(records, AMD) + "\n" + goals(records, AMD)


def models(records: Records) -> str:
    """Return the table of whole models."""
    return _table(
        [
            {
                "task": r.task,
                "model": MODELS[str(r.model)].label,
                "algorithm": r.algorithm,
                "framework, kernel": f"{r.framework}, {r.kernel}",
                "ms per step (quartiles)": f"{r.step_ms:,.0f} ({r.step_ms_q1:,.0f}-{r.step_ms_q3:,.0f})",
                "bounds": f"{r.bounds:.1f}",
                "times the released code": f"{r.speedup:.1f}",
                "peak MiB": f"{r.peak_mib:,.0f}",
                "compile s": f"{r.compile_s:.1f}",
            }
            for r in speed.models(records.folder / BENCHMARKS).itertuples()
        ]
    )


def units(records: Records) -> str:
    """Return one unit's memory and time for the shortest and the longest sequence."""
    table, rows = tidy.read(records.folder / BENCHMARKS / "unit_length.csv"), []
    low, high = table.length.min(), table.length.max()
    for (model, algorithm, framework, kernel), part in table.groupby(["model", "algorithm", "framework", "kernel"]):
        at = part.set_index("length").reindex([low, high])
        names = {"model": MODELS[str(model)].label, "algorithm": algorithm, "framework, kernel": f"{framework}, {kernel}"}
        state = {f"state bytes, {k:,} steps": f"{at.state_bytes[k]:,.0f}" for k in (low, high)}
        rows.append(names | state | {f"ms, {k:,} steps": f"{at.step_ms[k]:,.3g}" for k in (low, high)})
    return _where(table) + _table(rows)


def sizes(records: Records) -> str:
    """Return one unit's time for the smallest and largest channels and batch, with the scaling exponent."""
    rows, names = [], ["model", "algorithm", "framework", "kernel"]
    tables = {size: tidy.read(records.folder / BENCHMARKS / f"unit_{size}.csv") for size in ("state", "batch")}
    for model, algorithm, framework, kernel in sorted(tables["state"][names].drop_duplicates().to_numpy().tolist()):
        row = {"model": MODELS[model].label, "algorithm": algorithm, "framework, kernel": f"{framework}, {kernel}"}
        for size, table in tables.items():
            own = table[(table[names].astype(str) == [model, algorithm, framework, kernel]).all(axis=1)].sort_values(size)
            power = np.polyfit(np.log(own[size]), np.log(own.step_ms), 1)[0]
            word = {"state": "channels"}.get(size, size)
            ends = [f"{ms:,.3g}" for ms in (own.step_ms.iloc[0], own.step_ms.iloc[-1])]
            row[f"ms, {word} {own[size].min()} to {own[size].max():,}"] = " to ".join(ends)
            row[f"power of {word}"] = f"{power:.2f}"
        rows.append(row)
    return _where(pd.concat(tables.values())) + _table(rows)


def pipeline(records: Records) -> str:
    """Return the seconds per run of config/smoke.yaml, by activity."""
    specs = expand.expand(expand.read("config/published/smoke.yaml"))
    wanted = [spec.run_id for spec in specs if FRAMEWORKS[spec.framework].trains]
    table, rows = overhead.pipeline(records.folder, wanted), []
    names = [f"{name}_s" for name in (*overhead.ACTIVITIES, "rest", "wall")]
    for framework, part in [*table.groupby("framework"), ("both", table)]:
        means = part[names].mean()
        share = {"training's share": f"{100 * means.train_s / means.wall_s:.0f} %"}
        seconds = {name.removesuffix("_s"): f"{means[name]:.1f}" for name in names}
        rows.append({"framework": framework, "runs": str(len(part))} | seconds | share)
    return _table(rows)


def inputs(records: Records) -> str:
    """Return the rate of the input pipeline, and the rate at which the fastest optimiser step uses samples."""
    table = tidy.read(records.folder / BENCHMARKS / "inputs.csv")
    steps = (
        speed.models(records.folder / BENCHMARKS).groupby(["task", "framework"]).step_ms_min.min().rename("step_ms").reset_index()
    )
    table = table.merge(steps, on=["task", "framework"], how="inner")
    table["used"] = 1e3 * table.batch / table.step_ms
    table["ratio"] = table.samples_per_s / table.used
    return _where(table) + _table(
        [
            {
                "task": r.task,
                "framework": r.framework,
                "files opened, once, s": f"{r.load_s:.2f}",
                "samples/s that arrive": f"{r.samples_per_s:,.0f}",
                "samples/s used": f"{r.used:,.0f}",
                "ratio": f"{r.ratio:,.0f}",
            }
            for r in table.itertuples()
        ]
    )


#: Functions by block name.
BLOCKS: dict[str, Callable[[Records], str]] = {
    "speed_machine": machine,
    "speed_goals": goals,
    "speed_models": models,
    "speed_units": units,
    "speed_sizes": sizes,
    "speed_earlier": earlier,
    "speed_pipeline": pipeline,
    "speed_inputs": inputs,
}
