"""Verdicts on RHEL among other gradient estimators, and on where its echo is lost."""

import pandas as pd

from rhelbench.claims.evidence import Evidence
from rhelbench.claims.method import SINGLE
from rhelbench.claims.verdict import Judgement
from rhelbench.names import LABELS
from rhelbench.studies.echo_lost import RHOS
from rhelbench.training.trainer import ECHO_LOST

#: Largest 1 − cosine of an exact float64 estimate, and largest relative error of a float32 one.
SAME, SAME_SINGLE = 1e-6, 1e-2


def alone(e: Evidence) -> Judgement:
    """Among estimators without Jacobian, only RHEL is exact, with three passes."""
    table, curves = e.static.get("estimators"), e.static.get("estimators_cosine")
    if table is None or curves is None:
        return Judgement("not measured", "", "", "results/published/static/estimators.csv is missing")
    free = table[~table.jacobian]
    rhel = free[free.estimator == "rhel"]
    others = curves[curves.estimator.isin(set(free.estimator) - {"rhel", "rhel_separate"})]
    best = others.loc[others.groupby(["model", "part"]).cosine.idxmax()]
    parts = [f"{LABELS['rhel']}: {rhel.passes.max():g} passes, 1 − cosine ≤ {(1 - rhel.cosine).max():.0e}"]
    parts += [
        f"{LABELS[r['estimator']]}, {r['model']}, {r['part']}: {r['cosine']:.2f} after {r['passes']:,.0f} passes"
        for r in best.to_dict("records")
    ]
    evidence = f"estimators.csv: {table.estimator.nunique()} estimators on one unit of either kind, float64"
    holds = bool((1 - rhel.cosine).max() <= SAME and rhel.passes.max() == 3 and (1 - best.cosine).min() > SAME)
    return Judgement("reproduced" if holds else "not reproduced", "; ".join(parts), evidence, "" if holds else "another one does")


def _edge(table: pd.DataFrame) -> str:
    """Return a sentence: the smallest step size δ at which the echo is lost, per length."""
    lost = table[table.fidelity > ECHO_LOST].groupby("length").delta.min()
    return ", ".join(f"δ ≥ {delta:g} at {length:,} steps" for length, delta in lost.items()) or "nowhere"


def returns(e: Evidence) -> Judgement:
    """In float32 the echo retraces, and RHEL matches BPTT's gradient, for all tested lengths and step sizes."""
    table = e.static.get("echo_lost")
    if table is None:
        return Judgement("not measured", "", "", "results/published/static/echo_lost.csv is missing")
    number = "; ".join(f"{model}: lost {_edge(part)}" for model, part in table.groupby("model", sort=False))
    fine = table.bptt <= SAME_SINGLE
    off, larger = table[(table.rhel_small > SAME_SINGLE) & fine], table[(table.rhel > SAME_SINGLE) & fine]
    evidence = f"echo_lost.csv: {len(table)} pairs of length and δ, float32 against BPTT in float64"
    both = int(((table.rhel_small > SAME_SINGLE) & ~fine).sum())
    why = (
        f"in {len(off)} of {len(table)} RHEL's gradient is lost and BPTT's is not, at a ρ of {RHOS[0]:g} in {len(larger)}; "
        f"in {both} both are"
    )
    return Judgement("reproduced", number, evidence) if off.empty else Judgement("not reproduced", number, evidence, why)


def along(e: Evidence) -> Judgement:
    """In float32, with the protocol's nudge, RHEL matches BPTT's gradient along training, over 10,000 time steps."""
    table = e.static.get("along_run")
    if table is None:
        return Judgement("not measured", "", "", "results/published/static/along_run.csv is missing")
    table = table[table.part == "all"]
    rhel, bptt = table[(table.algorithm == "rhel") & (table.path == "rhel")], table[table.algorithm == "bptt"]
    usual = rhel[rhel.rho == SINGLE]

    def off(part: pd.DataFrame) -> str:
        return (
            f"{(part.error > SAME_SINGLE).sum()} of {len(part)} by more than {SAME_SINGLE:.0%}, at most by {part.error.max():.2g}"
        )

    number = "; ".join(
        f"ρ = {rho:g}, {dtype}: off in {off(part)}" for (rho, dtype), part in rhel.groupby(["rho", "dtype"], sort=False)
    )
    evidence = (
        f"along_run.csv: {rhel.groupby(['seed', 'step']).ngroups} looks at {rhel.seed.nunique()} runs of the nonlinear model"
    )
    if (usual[usual.dtype == "float32"].error <= SAME_SINGLE).all():
        return Judgement("reproduced", number, evidence)
    nudge = (usual[usual.dtype == "float64"].error > SAME_SINGLE).any()
    cause = "the nudge is too large for such a path, in float64 as well" if nudge else "single precision ends there"
    why = f"{cause}; BPTT in float32, along its own path and this one: off in {off(bptt)}"
    return Judgement("not reproduced", number, evidence, why)
