"""Blocks of docs/deviations.md: float32 rounding of the released rule, and effects of rules and δ on training."""

from collections.abc import Callable

import pandas as pd

from rhelbench.names import LABELS
from rhelbench.records import tidy
from rhelbench.records.collected import read
from rhelbench.registry import MODELS
from rhelbench.report.write import to_markdown
from rhelbench.stats.runs import Records, overriding_value

TASK, STEP = "Heartbeat", 4_000
#: Columns that identify a run within a matrix.
CELL = ["task", "model", "algorithm", "framework", "seed"]


def rounding(records: Records) -> str:
    """Return the error of float32 gradients by rule: minimum and maximum over frameworks and kernels."""
    table = tidy.read(records.folder / "static" / "released_rounding.csv")
    table["part"] = table.parameter.str.partition("_")[0].replace({"a": "A", "s": "δ"})
    table["block"] += 1
    last = table.block.max()
    rows = []
    for (block, part), own in table.groupby(["block", "part"]):
        name = f"{part}, {'last block' if block == last else f'block {block}'}"
        row: dict[str, object] = {"gradient of": name}
        for rule, label in (("bptt", "BPTT"), ("rhel", "RHEL, exact rule"), ("rhel_released", "RHEL, released rule")):
            errors = own[own.rule == rule].error
            row[label] = f"{errors.min():.1g} to {errors.max():.1g}"
        rows.append(row)
    return to_markdown(pd.DataFrame(rows)) + "\n"


def gap(records: Records) -> str:
    """Return Heartbeat's training loss by model, rule and device, against BPTT's for the same seeds."""
    runs = records.runs[(records.runs.task == TASK) & records.runs.protocol.str.startswith("released")]
    runs = runs[runs.model.isin(("linear", "nonlinear", "memoryless"))]
    loss = records.history[records.history.step == STEP].set_index("run_id").loss
    runs = runs.assign(loss=runs.run_id.map(loss), rule=overriding_value(runs, "algorithm", "released"))
    runs = runs.assign(
        frozen=overriding_value(runs, "delta_trained", "True") == "False", dtype=overriding_value(runs, "dtype", "float32")
    )
    bptt = runs[(runs.algorithm == "bptt") & ~runs.frozen & (runs.model != "memoryless")]
    bptt = bptt[["model", "framework", "seed", "loss"]].rename(columns={"loss": "bptt"})
    runs = runs.merge(bptt, on=["model", "framework", "seed"], how="left").dropna(subset="loss")
    rows = []
    for key, own in runs.groupby(["model", "algorithm", "rule", "frozen", "dtype", "framework", "device"], sort=True):
        model, algorithm, rule, frozen, dtype, framework, device = key
        trained = LABELS[str(algorithm)] if model != "memoryless" else ""
        trained += {"rhel": ", exact rule", "released": ", released rule"}[str(rule)] if algorithm == "rhel" else ""
        ratio = (own.loss / own.bptt).dropna()
        rows.append(
            {
                "model": MODELS[str(model)].label,
                "trained with": trained + (", δ held" if frozen else "") + (f", {dtype}" if dtype != "float32" else ""),
                "framework, device": f"{LABELS[str(framework)]}, {'CPU' if 'NVIDIA' not in str(device) else device}",
                "seeds": len(own),
                "training loss": f"{own.loss.mean():.4f}",
                "in that of BPTT": "" if ratio.empty else f"{ratio.min():.3f} to {ratio.max():.3f}",
                "test accuracy, %": f"{100 * own.value.mean():.1f}" if dtype == "float32" else "",
            }
        )
    return to_markdown(pd.DataFrame(rows)) + "\n"


def ties(records: Records) -> str:
    """Return the published ``released`` runs whose last tie counts, and the optimiser step without it.

    That step is in a run's history: the last earlier one with the same validation metric. Its test metric comes
    from retraining (config/ties.yaml), if done.
    """
    runs = records.runs[(records.runs.protocol == "released") & (records.runs.status == "early-stopped")]
    folder = records.folder / "ties"
    again = read(folder).runs.dropna(subset="value").set_index(CELL) if folder.is_dir() else pd.DataFrame()
    rows = []
    for run in runs[runs.best_step == runs.last_step].itertuples():
        seen = records.history[(records.history.run_id == run.run_id) & (records.history.step < run.last_step)]
        before = seen[seen.val == seen.val.max()].step.max()
        row: dict[str, object] = {"run": f"{run.task}, {run.model}, {LABELS[str(run.algorithm)]}, {LABELS[str(run.framework)]}"}
        row |= {"seed": run.seed, "step, tie kept": f"{run.best_step:,.0f}", "test": f"{run.correct:.0f}/{run.total:.0f}"}
        row |= {"step, tie dropped": f"{before:,.0f}", "test, trained again": "not trained again"}
        key = tuple(getattr(run, name) for name in CELL)
        if key in again.index:
            own = again.loc[key]
            row["test, trained again"] = f"{own.correct:.0f}/{own.total:.0f}, at step {own.best_step:,.0f}"
        rows.append(row)
    return to_markdown(pd.DataFrame(rows)) + "\n"


#: Functions by block name.
BLOCKS: dict[str, Callable[[Records], str]] = {"rounding": rounding, "gap": gap, "ties": ties}
