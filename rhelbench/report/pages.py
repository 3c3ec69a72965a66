"""The ledger and the deviations as Markdown, with all numbers from tables."""

import numpy as np
import pandas as pd

from rhelbench.claims import deviations
from rhelbench.names import LABELS
from rhelbench.records import reported
from rhelbench.registry import DEVIATIONS, MODELS
from rhelbench.report.write import to_markdown

_HEAD = "This page is generated; each verdict and number is computed from the files and measurements named beside it.\n"

TRUST = (
    "A thousand simulated tables of accuracies with the paper's test sizes and five seeds; a split's difficulty is shared by "
    "both algorithms, their errors are independent or mostly alike."
)


def rates(calibration: pd.DataFrame | None) -> list[dict[str, str]]:
    """Return the calibration's rates as text, one row per quantity, one column per fraction of equal answers."""
    if calibration is None:
        return []
    wide = calibration.pivot_table(index="quantity", columns="alike_percent", values="rate", sort=False)
    return [
        {"quantity": str(name)} | {f"{alike:g} % of answers alike": f"{rate * 100:.1f} %" for alike, rate in row.items()}
        for name, row in wide.iterrows()
    ]


def counts(ledger: pd.DataFrame) -> str:
    """Return the number of claims per verdict, for example ``17 claims: 9 reproduced, 8 not measured``."""
    return f"{len(ledger)} claims: " + ", ".join(f"{count} {verdict}" for verdict, count in ledger.verdict.value_counts().items())


def claims(ledger: pd.DataFrame, calibration: pd.DataFrame | None) -> str:
    """Return results/claims.md: the ledger, then the calibration of its statistics."""
    shown = ledger.rename(columns={"why": "why not, or what is missing"})[
        ["name", "claim", "source", "verdict", "number", "evidence", "why not, or what is missing"]
    ]
    return (
        f"# What the paper claims, what we measured, and whether it holds\n\n{_HEAD}\n{counts(ledger)}.\n\n"
        f"{to_markdown(shown)}\n\n## How far the statistics can be trusted\n\n"
        f"{TRUST}\n\n{to_markdown(pd.DataFrame(rates(calibration))) or 'Not measured.'}\n"
    )


def interval(mean: float, low: float, high: float, metric: str, sign: str = "+") -> str:
    """Return a difference with its interval in the paper's unit, for example ``+1.2 [-0.4, +2.8]``.

    ``sign`` "-" prints no plus signs.
    """
    scale = reported.SCALE[metric]
    inside = "" if np.isnan(low) else f" [{low * scale:{sign}.1f}, {high * scale:{sign}.1f}]"
    return f"{mean * scale:{sign}.1f}{inside}"


def effects(measured: pd.DataFrame, rounding: pd.DataFrame, factors: pd.DataFrame) -> dict[int, str]:
    """Return the effect of each row's switch on the gradient, in words and numbers."""
    base = measured[measured.row == 0].set_index("model").rule_error
    texts: dict[int, list[str]] = {}
    for one in measured[measured.row > 0].to_dict("records"):
        label = MODELS[one["model"]].label
        text = f"{label}: rule error {one['rule_error']:.0e} ({one['worst'].removeprefix('blocks.')}), median {one['median']:.0e}"
        text += f", without the switch {base[one['model']]:.0e}"
        if one["gradient_change"] > 0:
            text += f"; true gradient moves by {one['gradient_change']:.0e}"
        texts.setdefault(one["row"], []).append(text)
    for model, rows in rounding.groupby("model", sort=False):
        errors = ", ".join(f"{r.error:.0e} ({r.parameter}) over {r.length:,} steps" for r in rows.itertuples())
        texts.setdefault(8, []).append(f"{model} unit in float32, two echoes subtracted: {errors}")
    for nudge, rows in factors.groupby("nudge", sort=False):
        errors = ", ".join(f"{r.error:.0e} at factor {r.factor:g}" for r in rows.itertuples())
        size = {"absolute": "ε", "relative": "ρ"}[str(nudge)] + f" = {rows['size'].iloc[0]:g}"
        texts.setdefault(5, []).append(f"nonlinear unit, {nudge} nudge {size}: rule error {errors}")
    return {row: "; ".join(lines) for row, lines in texts.items()} | deviations.WITHOUT


def metric_effect(row: int, found: pd.DataFrame) -> str:
    """Return a row's effect on the final metric, from runs that differ in its switches only."""
    names = DEVIATIONS[row].switches if row in DEVIATIONS else ()
    texts = []
    for one in found.to_dict("records"):
        differing = set(str(one["switches"]).split())
        if differing and differing <= set(names):
            value = interval(one["mean"], one["low"], one["high"], one["metric"])
            cell = f"{one['task']} {MODELS[one['model']].label} {LABELS[one['algorithm']]} {LABELS[one['framework']]}"
            texts.append(f"{cell}: {value} (n = {one['n']}, {one['second']} − {one['first']})")
    return "; ".join(texts) or "no runs"


def deviation_rows(
    measured: pd.DataFrame, found: pd.DataFrame, rounding: pd.DataFrame, factors: pd.DataFrame
) -> list[dict[str, str]]:
    """Return the rows of docs/deviations.md with their effects on the gradient and the final metric."""
    texts = effects(measured, rounding, factors)
    return [
        {
            "#": str(row["row"]),
            "the released code": row["code"],
            "the theorems, or good practice": row["theory"],
            "effect on the gradient": texts.get(row["row"], ""),
            "effect on the final metric": metric_effect(row["row"], found),
        }
        for row in deviations.rows()
    ]


def deviation_page(measured: pd.DataFrame, found: pd.DataFrame, rounding: pd.DataFrame, factors: pd.DataFrame) -> str:
    """Return results/deviations.md: the rows of docs/deviations.md with their effects."""
    body = deviation_rows(measured, found, rounding, factors)
    together = [
        {
            "task": one["task"], "model": MODELS[one["model"]].label, "algorithm": LABELS[one["algorithm"]],
            "framework": LABELS[one["framework"]], "compared": f"{one['second']} − {one['first']}", "n": one["n"],
            "difference [95 %]": interval(one["mean"], one["low"], one["high"], one["metric"]),
        }
        for one in found[[len(str(names).split()) > 3 for names in found.switches]].to_dict("records")
    ]  # fmt: skip
    return (
        f"# Released code against the theorems: measured effects\n\n{_HEAD}\n"
        "Effect on the gradient: one switch alone turned from `exact` to `released` in a small model (2 blocks, 8 channels, 405 "
        "steps, float64). Rule error: relative L2 difference between RHEL's and BPTT's gradient of that same model, worst "
        "parameter and median. What float32 loses (row 8) is shown apart, where the study of ε has been run.\n\n"
        "Effect on the final metric: paired by seed, in points of accuracy or 0.01 of MSE, with a 95 % t interval, where runs "
        f"exist that differ by the row's switch alone.\n\n{to_markdown(pd.DataFrame(body))}\n\n## All rows together\n\n"
        + (to_markdown(pd.DataFrame(together)) if together else "No cell has been run under both protocols yet.")
        + "\n"
    )
