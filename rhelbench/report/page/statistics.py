"""The statistics behind the verdicts, as tables of the page."""

import pandas as pd

from rhelbench.names import LABELS
from rhelbench.report.page.sections import Section, as_row, names, number, p_value
from rhelbench.report.pages import TRUST, interval, rates
from rhelbench.stats import noise


def paper(table: pd.DataFrame) -> Section:
    """Our configurations against the printed ones."""
    rows = []
    for row in table.to_dict("records"):
        metric = row["metric"]
        values = {
            "seeds": str(row["n"]),
            "ours − paper": interval(row["difference"], row["low"], row["high"], metric),
            "paper": f"{number(row['paper_mean'], metric)} ± {number(row['paper_sd'], metric)}",
            "p different": p_value(row["p_difference"]),
            "p equivalent": p_value(row["p_equivalence"]),
            "ours in theirs": "yes" if row["ours_inside"] else "no",
            "theirs in ours": "yes" if row["paper_inside"] else "no",
            "verdict": row["verdict"],
        }
        rows.append(as_row(names(row) | values))
    note = (
        "Welch's t test of a difference and two one-sided ones of equivalence, unadjusted: each cell is a replication of "
        "its own. In: does one mean lie within the other's mean ± sd?"
    )
    return Section("paper", "Ours against the paper's printed numbers", note, rows)


def skill(table: pd.DataFrame) -> Section:
    """Skill against the baselines."""
    rows = []
    for row in table.to_dict("records"):
        values = {
            "baseline": row["baseline"],
            "seeds": str(row["n"]),
            "gain": interval(row["gain"], row["low"], row["high"], row["metric"]),
            "skill": f"{row['skill']:.2f}",
            "better": "yes" if row["better"] else "no",
        }
        rows.append(as_row(names(row) | values))
    note = "Gain over a baseline, paired by seed, with its 95 % interval. Skill: the part of the baseline's errors that is gone."
    return Section("skill", "Against the majority and the memoryless baseline", note, rows)


def frameworks(table: pd.DataFrame) -> Section:
    """PyTorch − JAX against the noise floors."""
    rows = []
    for row in table.to_dict("records"):
        metric = row["metric"]
        values = {
            "seeds": str(row["n"]),
            "PyTorch − JAX": interval(row["mean"], float("nan"), float("nan"), metric),
            "root mean square": number(row["rms"], metric),
            "floor of": noise.SOURCES.get(row["source"], "none measured"),
            "its sd": number(row["floor_sd"], metric),
            "p": p_value(row["p_holm"]),
            "verdict": row["verdict"],
        }
        rows.append(as_row(names(row) | values))
    note = (
        "Runs of equal seeds in both frameworks. Noise alone separates two runs by √2 times the floor's sd; F test, Holm-"
        "adjusted over the cells. The frameworks draw dropout masks of their own, so the floor of other dropout streams "
        "is the one that counts."
    )
    return Section("frameworks", "JAX against PyTorch, and the noise floor", note, rows)


def aggregates(table: pd.DataFrame) -> Section:
    """Interquartile means over tasks."""
    rows = []
    for row in table.to_dict("records"):
        values = {
            "of": LABELS.get(row["of"], "RHEL − BPTT"),
            "interquartile mean": interval(
                row["value"], row["low"], row["high"], "accuracy", "+" if row["of"] == "difference" else "-"
            ),
            "tasks": str(row["tasks"]),
            "pairs": str(row["pairs"]),
        }
        rows.append(as_row(names(row) | values))
    note = (
        "Interquartile mean of test accuracy over tasks, in %, with a 95 % bootstrap interval stratified by task and "
        "paired by seed."
    )
    return Section("aggregates", "Over all tasks", note, rows)


def consistency(table: pd.DataFrame) -> Section:
    """Consistency of the printed accuracies with the test sizes."""
    rows = []
    for row in table.to_dict("records"):
        values = {
            "printed": f"{row['mean'] * 100:.1f} ± {row['sd'] * 100:.1f}",
            "test samples": str(row["size"]),
            "possible counts": str(row["solutions"]),
            "for example": str(row["example"]),
            "binomial sd": f"{row['binomial_sd'] * 100:.1f}",
            "p so narrow": p_value(row["p_narrow"]),
            "p so wide": p_value(row["p_wide"]),
        }
        rows.append(as_row(names(row) | values))
    note = (
        "Which sets of five counts print as this mean and spread, and how likely independent errors on random splits are "
        "to spread as little, or as much."
    )
    return Section("consistency", "The paper's numbers and their test sizes", note, rows)


def design(table: pd.DataFrame) -> Section:
    """Power of the published design."""
    rows = []
    for row in table.to_dict("records"):
        metric = row["metric"]
        values = {
            "seeds": str(row["n"]),
            "sd of a difference": number(row["sd"], metric),
            "margin": f"± {number(row['margin'], metric)}",
            "detectable": number(row["detectable"], metric),
            "power": f"{row['power']:.2f}",
            "seeds needed": "more than 1,000" if pd.isna(row["seeds_needed"]) else f"{int(row['seeds_needed'])}",
        }
        rows.append(as_row(names(row) | values))
    note = (
        "From the paper's printed spreads, seeds taken as independent. Detectable: the smallest difference that five "
        "seeds find with 80 % power; power: of showing equivalence where there is no difference; seeds needed: for 80 % "
        "of that."
    )
    return Section("design", "What the published five seeds could show", note, rows)


def calibration(table: pd.DataFrame) -> Section:
    """Calibration of the statistics."""
    return Section("calibration", "How far the statistics can be trusted", TRUST, [as_row(one) for one in rates(table)])


def parity(table: pd.DataFrame) -> Section:
    """Parity tests."""
    rows = []
    for row in table.to_dict("records"):
        values = {
            "framework": LABELS[row["framework"]],
            "level": row["level"],
            "worst": f"{row['worst']:.0e}",
            "allowed": f"{row['allowed']:.0e}",
            "verdict": "pass" if row["passed"] else "FAIL",
            "cases": str(row["cases"]),
            "worst case": f"{row['case']}: {row['where']}",
        }
        rows.append(as_row(values))
    note = (
        "Each framework against the NumPy oracle, float64: names and shapes of the state, one step, outputs, gradients,"
        " fifty optimiser steps; echo: RHEL against BPTT of the same unit over 405 steps. Worst difference relative to the "
        "largest value of its array."
    )
    return Section("parity", "Parity tests", note, rows)


#: Section by file in statistics/, in page order.
SECTIONS = {
    "paper": paper,
    "skill": skill,
    "frameworks": frameworks,
    "parity": parity,
    "aggregates": aggregates,
    "consistency": consistency,
    "design": design,
    "calibration": calibration,
}
