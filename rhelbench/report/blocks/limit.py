"""Blocks of docs/estimators.md and docs/memory-tasks.md: limits of the gradient, and training beyond them."""

from collections.abc import Callable

import pandas as pd

from rhelbench.claims.estimators import SAME_SINGLE
from rhelbench.names import LABELS, power
from rhelbench.records import tidy
from rhelbench.records.collected import nudge_sizes, read
from rhelbench.report.write import to_markdown
from rhelbench.stats.equivalence import paired_tests
from rhelbench.stats.runs import Records
from rhelbench.training.trainer import ECHO_LOST


def kept(records: Records) -> str:
    """Return the (length, δ) where RHEL's gradient is lost although the echo is not, from ``echo_lost``."""
    table = tidy.read(records.folder / "static" / "echo_lost.csv")
    table = table[(table.fidelity <= ECHO_LOST) & (table.rhel > SAME_SINGLE)]
    names = {"model": "unit", "length": "steps", "delta": "δ", "fidelity": "echo's end", "bptt": "BPTT, float32"}
    names |= {"rhel": "RHEL, float32", "rhel_double": "RHEL, float64", "rhel_small": "RHEL, float32, ρ = 1e-6"}
    errors = {name: table[name].map("{:.1g}".format) for name in ("fidelity", "bptt", "rhel", "rhel_double", "rhel_small")}
    return to_markdown(table.assign(**errors)[list(names)].rename(columns=names)) + "\n"


def along(records: Records) -> str:
    """Return gradient errors along the runs of the study ``along_run``, by run, algorithm, precision and ρ."""
    table = tidy.read(records.folder / "static" / "along_run.csv")
    table = table[table.part == "all"]
    rows = []
    for (path, algorithm, dtype, rho), own in table.groupby(["path", "algorithm", "dtype", "rho"]):
        row: dict[str, object] = {"along a run of": LABELS[str(path)], "gradient": f"{LABELS[str(algorithm)]}, {dtype}"}
        row["ρ"] = power(float(str(rho))) if float(str(rho)) else ""
        off = own[own.error > SAME_SINGLE]
        row |= {"looks": len(own), f"off by more than {SAME_SINGLE:.0%}": len(off), "of seeds": off.seed.nunique()}
        row |= {"median": f"{own.error.median():.1g}", "largest": f"{own.error.max():.2g}"}
        row["echo lost"] = int((own.fidelity > ECHO_LOST).sum())
        rows.append(row)
    return to_markdown(pd.DataFrame(rows)) + "\n"


def trained(records: Records) -> str:
    """Return mean training loss and test accuracy of config/limit_long.yaml, and differences of the loss.

    Differences are between equal seeds, with 95 % Student intervals.
    """
    own = read(records.folder / "limit_long")
    runs = own.plain()
    loss = own.history.groupby("run_id").loss.mean()  # evaluations are equally spaced
    rho = nudge_sizes(runs).map(lambda size: f", ρ = {power(float(str(size)))}").where(runs.algorithm == "rhel", "")
    runs = runs.assign(trained=runs.algorithm.map(LABELS) + rho, loss=runs.run_id.map(loss))
    rows = [
        {"trained with": name, "seeds": len(part), "loss over all steps": f"{part.loss.mean():.3f}"}
        | {"test accuracy, %": f"{100 * part.value.mean():.1f}"}
        for name, part in runs.groupby("trained", sort=False)
    ]
    wide, names = runs.pivot(index="seed", columns="trained", values="loss"), list(runs.trained.unique())
    differences = []
    for one, other in ((names[1], names[0]), (names[2], names[0]), (names[1], names[2])):
        found = paired_tests((wide[one] - wide[other]).to_numpy(), 1.0)  # the margin does not affect the interval
        told = f"{found.mean:+.3f} [{found.low:+.3f}, {found.high:+.3f}]"
        differences.append({"difference of the loss": f"{one} − {other}", "mean and 95 % interval": told, "pairs": found.n})
    return "\n\n".join(to_markdown(pd.DataFrame(table)) for table in (rows, differences)) + "\n"


#: Functions by block name.
BLOCKS: dict[str, Callable[[Records], str]] = {"echo_kept": kept, "along_run": along, "limit_long": trained}
