"""The claims ledger: each claim of the paper with its evidence, its number and a computed verdict."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from rhelbench.stats import consistency, reported
from rhelbench.stats.equivalence import LEVEL
from rhelbench.stats.evidence import Evidence
from rhelbench.stats.pairs import holm

Verdict = Literal["reproduced", "not reproduced", "inconclusive", "not testable here"]

#: Largest relative difference that counts as equal gradients in float64: linear units are exact but for rounding, the
#: nonlinear unit has the ρ² of its nudge, continuous time its solver's tolerance.
EQUAL = {"linear": 1e-8, "nonlinear": 1e-6, "continuous": 1e-8, "longest nonlinear": 1e-4}
#: Growth of the state memory from length 1,000 to 100,000 that counts as none.
FLAT = 1.1


@dataclass(frozen=True)
class Judged:
    """A verdict with the number it rests on and, unless reproduced, why; for ``inconclusive`` the power."""

    verdict: Verdict
    number: str
    evidence: str
    why: str = ""


@dataclass(frozen=True)
class Claim:
    """One claim: a short name, what is claimed, where, and how it is judged."""

    name: str
    text: str
    source: str
    judge: Callable[[Evidence], Judged]


def _holds(condition: bool, number: str, evidence: str, why: str) -> Judged:
    return Judged("reproduced", number, evidence) if condition else Judged("not reproduced", number, evidence, why)


def discrete(e: Evidence) -> Judged:
    """Every parameter's RHEL gradient equals BPTT's: oracle at 405 steps, and the parity ladder of the frameworks."""
    errors = {model: values["separate"] for model, values in e.measured["discrete"].items()}
    number = ", ".join(f"{model} {value:.0e}" for model, value in errors.items()) + " (worst relative error, one unit, 405 steps)"
    ladder, climbed = "frameworks: parity ladder not run yet", True
    if e.parity:
        climbed = all(level["passed"] for one in e.parity.values() for level in one["levels"].values())
        ladder = "; ".join(f"{name}: L3 {one['levels']['L3']['worst']:.0e} against the oracle" for name, one in e.parity.items())
    equal = all(value <= EQUAL[model] for model, value in errors.items())
    return _holds(
        equal and climbed, number, f"float64 oracle, two separate echoes; {ladder}", "a gradient or a level of the ladder is off"
    )


def in_continuous_time(e: Evidence) -> Judged:
    """On the toy system, at all times and for every parameter."""
    worst = max(e.measured["continuous"].values())
    number = f"{worst:.0e} (largest difference relative to the largest value)"
    return _holds(worst <= EQUAL["continuous"], number, "six coupled oscillators, 27 parameters, 41 times", "the echo is off")


def three_passes(e: Evidence) -> Judged:
    """Leapfrog steps of one gradient, counted."""
    counts = e.measured["passes"]
    number = ", ".join(f"{count:g} passes at {P} channels" for P, count in counts.items())
    return _holds(all(count == 3 for count in counts.values()), number, "calls of the integrator, counted", "another count")


def no_jacobian(e: Evidence) -> Judged:
    """Second derivatives asked for; BPTT beside it shows that the counter counts."""
    asked = e.measured["second_derivatives"]
    number = f"{asked['rhel_separate']} requests by RHEL, {asked['bptt']} by BPTT"
    works = asked["rhel_separate"] == 0 and asked["bptt"] > 0
    return _holds(works, number, "calls of the Hamiltonian's second derivatives in one gradient", "RHEL asked for one")


def no_variance(e: Evidence) -> Judged:
    """Repeated estimates are the same to the bit."""
    number = f"{e.measured['spread']:g} (largest difference of ten estimates)"
    return _holds(e.measured["spread"] == 0, number, "repeated gradients of one unit", "estimates differ")


def flat_memory(e: Evidence) -> Judged:
    """State memory of one unit's forward and backward against length, from the benchmarks."""
    rows = e.benchmarks
    wanted = {"algorithm", "length", "state_bytes"}
    if rows is None or not wanted <= set(rows.columns):
        return Judged("not testable here", "", "", "no benchmark of state memory against length in results/published/benchmarks")
    rows = rows[(rows.algorithm == "rhel") & rows.state_bytes.notna()]
    keys = [name for name in ("framework", "model", "device", "kernel") if name in rows.columns]
    growth = {}
    for key, part in rows.groupby(keys or (lambda _: "all"), dropna=False):
        by_length = part.groupby("length").state_bytes.median()
        if len(by_length) > 1:
            name = " ".join(str(word) for word in (key if isinstance(key, tuple) else (key,)))
            growth[name] = float(by_length.iloc[-1] / by_length.iloc[0]), int(by_length.index[0]), int(by_length.index[-1])
    if not growth:
        return Judged("not testable here", "", "", "the benchmarks have RHEL's state memory at one length only")
    number = ", ".join(f"{name}: x {ratio:.2f} from {low:,} to {high:,} steps" for name, (ratio, low, high) in growth.items())
    flat = all(ratio <= FLAT for ratio, _, _ in growth.values())
    return _holds(flat, number, "results/published/benchmarks", f"grows by more than {FLAT}")


def _printed(metric: str) -> Callable[[Evidence], Judged]:
    def judge(e: Evidence) -> Judged:
        paper = reported.read()
        cells = int(((paper.metric == metric) & (paper.task != "average")).sum())
        rows = e.tables["paper"]
        rows = rows[(rows.metric == metric) & (rows.protocol == "released")]
        tested = rows[rows.n > 1]
        if tested.empty:
            return Judged(
                "not testable here", f"0 of {cells} cells have two or more seeds", "", "the runs need a GPU or days of CPU time"
            )
        done = len(tested.drop_duplicates(["task", "model", "algorithm"]))
        p, q = holm(tested.p_difference), holm(tested.p_equivalence)
        differ, same = int((p <= LEVEL).sum()), int((q <= LEVEL).sum())
        inside = int(tested.ours_inside.sum())
        number = (
            f"{done} of {cells} cells run ({len(tested)} with frameworks apart): {differ} differ, {same} equivalent, "
            f"{inside} inside the paper's mean ± sd"
        )
        evidence = "protocol released; Welch tests, Holm over the cells"
        if differ:
            names = ", ".join(f"{r.task} {r.model} {r.algorithm} {r.framework}" for r in tested[p <= LEVEL].itertuples())
            return Judged("not reproduced", number, evidence, f"differs: {names}")
        if same == len(tested) and done == cells:
            return Judged("reproduced", number, evidence)
        reach = float((tested.high - tested.low).median() / 2) * reported.SCALE[metric]
        left = f"{cells - done} cells not run; " if done < cells else ""
        return Judged("inconclusive", number, evidence, f"{left}median 95 % half-width {reach:.1f} {_unit(metric)}")

    return judge


def _unit(metric: str) -> str:
    return "points" if metric == "accuracy" else "x 0.01"


def _on_par(protocol: str | None) -> Callable[[Evidence], Judged]:
    """Judge the paper's tasks under one protocol, or (None) every other task under any."""

    def judge(e: Evidence) -> Judged:
        rows, of_paper = e.tables["pairs"], reported.order()
        chosen = rows.task.isin(of_paper) & (rows.protocol == protocol) if protocol else ~rows.task.isin(of_paper)
        rows = rows[chosen & (rows.n > 1)]
        if rows.empty:
            what = f"a task of the paper under protocol {protocol}" if protocol else "a task that is not the paper's"
            return Judged("not testable here", "no pair with two or more seeds", "", f"no runs on {what} yet")
        counts = rows.verdict.value_counts()
        cells, done = len(of_paper) * len(reported.read().model.unique()), len(rows.drop_duplicates(["task", "model"]))
        number = f"{done} of {cells} tasks and models, " if protocol else f"{', '.join(dict.fromkeys(rows.task))}: "
        number += f"{len(rows)} pairs: " + ", ".join(f"{count} {name}" for name, count in counts.items())
        empty = int((rows.informative == "no").sum())
        number += f"; {empty} on tasks where neither is better than the majority" if empty else ""
        evidence = "paired by seed: two one-sided t tests, Holm over the matrix"
        if (rows.verdict == "different").any():
            names = ", ".join(f"{r.task} {r.model} {r.framework}" for r in rows[rows.verdict == "different"].itertuples())
            return Judged("not reproduced", number, evidence, f"differs: {names}")
        settled = rows.verdict.isin(["equivalent", "identical"])
        if not settled.all():
            return Judged("inconclusive", number, evidence, _power(rows[~settled]))
        if not (rows.informative == "yes").any():
            return Judged("inconclusive", number, evidence, "agreement, but on no task is either known to be better than chance")
        if protocol and done < cells:
            return Judged("inconclusive", number, evidence, f"agreement on what was run; {cells - done} tasks and models not run")
        return Judged("reproduced", number, evidence)

    return judge


def _power(rows: pd.DataFrame) -> str:
    needed = rows.seeds_needed.dropna()
    most = f"{int(needed.max())}" if len(needed) == len(rows) else "more than 1000"
    return f"power of the equivalence test {rows.power.min():.2f} to {rows.power.max():.2f}; {most} seeds would decide every pair"


def longest(e: Evidence) -> Judged:
    """The gradient at 49,920 steps; trained runs of that length are counted beside it."""
    measured = e.measured["longest"]
    number = ", ".join(f"{model} {measured[model]:.0e}" for model in ("linear", "nonlinear"))
    number += f" (worst relative error at {measured['K']:,} steps)"
    runs = e.records.plain()
    trained = int((runs.task.eq("PPG-DaLiA") & runs.value.notna() & runs.algorithm.eq("rhel")).sum())
    evidence = f"float64 oracle, mean-difference pair; {trained} RHEL runs of that length trained to an end"
    equal = measured["linear"] <= EQUAL["linear"] and measured["nonlinear"] <= EQUAL["longest nonlinear"]
    if not equal:
        return Judged("not reproduced", number, evidence, "the gradient is off")
    if trained == 0:
        return Judged("inconclusive", number, evidence, "the gradient holds; training at that length has not been run here")
    return Judged("reproduced", number, evidence)


def memory_needed(e: Evidence) -> Judged:
    """Is the recurrent model better than the one without memory, on the paper's tasks?"""
    rows = e.tables["skill"]
    rows = rows[(rows.baseline == "memoryless") & rows.task.isin(reported.order()) & (rows.n > 1)]
    if rows.empty:
        return Judged("not testable here", "", "", "no memoryless baseline with two or more seeds on a task of the paper")
    number = f"better than the memoryless model in {int(rows.better.sum())} of {len(rows)} cells"
    evidence = "95 % paired t intervals"
    if rows.better.all():
        return Judged("reproduced", number, evidence)
    wide = float(((rows.high - rows.low) / 2).median())
    verdict = "not reproduced" if (rows.high < 0).any() or not rows.better.any() else "inconclusive"
    return Judged(verdict, number, evidence, f"median half-width of the gain's interval {wide:.3f}")


def frameworks_agree(e: Evidence) -> Judged:
    """JAX against torch on equal seeds, against the floor of perturbed initial values."""
    rows = e.tables["frameworks"]
    if rows.empty:
        return Judged("not testable here", "", "", "no cell has been run in both frameworks")
    counts = rows.verdict.value_counts()
    number = f"{len(rows)} cells: " + ", ".join(f"{count} {name}" for name, count in counts.items())
    if (rows.verdict == "beyond").any():
        return Judged("not reproduced", number, "F test against the noise floor", "differences beyond the floor")
    if rows.verdict.isin(["within", "identical"]).all():
        return Judged("reproduced", number, "F test against the noise floor")
    return Judged("inconclusive", number, "F test against the noise floor", "no floor has been measured for some cells")


def possible_counts(e: Evidence) -> Judged:
    """Are the printed numbers possible, and is their spread what random splits give?"""
    rows = e.tables["consistency"]
    narrow = rows[rows.p_narrow <= LEVEL / len(rows)]
    number = f"{int((rows.solutions > 0).sum())} of {len(rows)} means and spreads are possible counts"
    evidence = f"test sizes {', '.join(str(consistency.held_out(task)) for task in reported.order('accuracy'))}"
    if (rows.solutions == 0).any():
        return Judged("not reproduced", number, evidence, "some printed number is no possible count")
    if len(narrow):
        names = ", ".join(f"{r.task} {r.model} {r.algorithm}" for r in narrow.itertuples())
        number += f"; {len(narrow)} spread less than independent errors allow"
        return Judged("inconclusive", number, evidence, f"spread too small (Bonferroni, one-sided): {names}")
    return Judged("reproduced", number, evidence)


CLAIMS: tuple[Claim, ...] = (
    Claim(
        "gradient, discrete time", "RHEL's three passes give BPTT's gradient of every parameter", "Theorems 3.2, 3.3", discrete
    ),
    Claim(
        "gradient, continuous time",
        "Δθ(t) and ΔΦ(t) equal the adjoint state method at every t",
        "Theorem 3.1",
        in_continuous_time,
    ),
    Claim("three passes", "Three forward passes of the dynamics, whatever the model's size", "abstract, section 3", three_passes),
    Claim("no Jacobian", "No Jacobian of the dynamics is formed", "abstract, section 3", no_jacobian),
    Claim("no variance", "The estimate has no variance", "abstract, section 3", no_variance),
    Claim("constant memory", "State memory does not grow with the length of the sequence", "section 3", flat_memory),
    Claim("Table 1", "Test accuracies of Table 1", "Table 1", _printed("accuracy")),
    Claim("Table 2", "Test errors of Table 2", "Table 2", _printed("mse")),
    Claim("on par, released", "RHEL trains to BPTT's test metrics (released protocol)", "section 4", _on_par("released")),
    Claim("on par, exact", "RHEL trains to BPTT's test metrics (exact protocol)", "section 4", _on_par("exact")),
    Claim("on par, elsewhere", "RHEL trains to BPTT's test metrics on other tasks", "our test", _on_par(None)),
    Claim("length 50k", "RHEL works on sequences of 49,920 steps", "abstract, Table 2", longest),
    Claim(
        "long range", "What is learned depends on memory: better than the same model without it", "title; our test", memory_needed
    ),
    Claim("two frameworks", "JAX and PyTorch runs agree within the noise floor", "our test", frameworks_agree),
    Claim(
        "printed numbers", "The printed accuracies are consistent with their test sizes", "our test of Table 1", possible_counts
    ),
)


def ledger(e: Evidence) -> pd.DataFrame:
    """Judge every claim: one row with name, claim, source, verdict, number, evidence, why."""
    rows = []
    for claim in CLAIMS:
        judged = claim.judge(e)
        rows.append({"name": claim.name, "claim": claim.text, "source": claim.source, **vars(judged)})
    return pd.DataFrame(rows)
