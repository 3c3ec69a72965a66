"""Blocks of docs/deviations.md: what single precision leaves of the released rule, and what the rules and δ do to training."""

from collections.abc import Callable

import pandas as pd

from rhelbench.registry import MODELS
from rhelbench.stats.names import LABELS
from rhelbench.stats.records import Records, overridden, read
from rhelbench.stats.write import markdown

TASK, STEP = "Heartbeat", 4_000


def rounding(records: Records) -> str:
    """Return the error of float32 gradients by rule: the smallest and the largest over both frameworks and kernels."""
    table = pd.read_csv(records.folder / "static" / "released_rounding.csv")
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
    return markdown(pd.DataFrame(rows)) + "\n"


def gap(records: Records) -> str:
    """Return Heartbeat's training loss by model, rule and device, beside that of BPTT for the same seeds."""
    runs = records.runs[(records.runs.task == TASK) & records.runs.protocol.str.startswith("released")]
    runs = runs[runs.model.isin(("linear-complex", "nonlinear", "memoryless"))]
    loss = records.history[records.history.step == STEP].set_index("run_id").loss
    runs = runs.assign(loss=runs.run_id.map(loss), rule=overridden(runs, "algorithm", "released"))
    runs = runs.assign(frozen=overridden(runs, "delta_trained", "True") == "False", dtype=overridden(runs, "dtype", "float32"))
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
    return markdown(pd.DataFrame(rows)) + "\n"


def ties(records: Records) -> str:
    """Return the published runs beside the same runs without the tie at their last evaluation (docs/deviations.md, row 13)."""
    if not (records.folder / "ties").is_dir():
        return "Not trained again yet.\n"
    own, rows = read(records.folder / "ties").runs.set_index(["framework", "seed"]), []
    cell = (records.runs.task == TASK) & (records.runs.model == "nonlinear") & (records.runs.algorithm == "bptt")
    kept = records.runs[cell & (records.runs.protocol == "released")].set_index(["framework", "seed"])
    for key in own.index:
        row: dict[str, object] = {"framework": LABELS[str(key[0])], "seed": key[1]}
        for word, run in (("tie kept", kept.loc[key]), ("tie dropped", own.loc[key])):
            device = "CPU" if "NVIDIA" not in str(run.device) else run.device
            row[word] = f"step {run.best_step:,.0f} of {run.last_step:,.0f}, {run.correct:.0f}/{run.total:.0f} ({device})"
        rows.append(row)
    return markdown(pd.DataFrame(rows)) + "\n"


#: Name of a block to what fills it.
BLOCKS: dict[str, Callable[[Records], str]] = {"rounding": rounding, "gap": gap, "ties": ties}
