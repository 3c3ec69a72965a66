"""Verdicts on the method: the oracle's measurements, the parity tests, the benchmarks."""

from rhelbench.claims.evidence import Evidence
from rhelbench.claims.verdict import Judgement
from rhelbench.config.protocols import read_protocol
from rhelbench.names import LABELS
from rhelbench.registry import MODELS

#: Largest relative difference of equal gradients in float64. Linear units are exact up to rounding; the nonlinear unit has
#: the nudge's error O(ρ²), and continuous time the solver's tolerance.
EQUAL = {"linear": 1e-8, "nonlinear": 1e-6, "continuous": 1e-8, "longest nonlinear": 1e-4}
#: The same for the frameworks' solvers, which have other tolerances.
SOLVER = 1e-6
#: Relative nudge ρ of the float32 claim, that of protocol ``exact``.
SINGLE = read_protocol("exact").nudge.size
#: Largest growth of the state memory from length 1,000 to 100,000 that counts as constant.
FLAT = 1.1
#: Levels of the parity tests that concern gradients.
_GRADIENTS = ("gradients", "echo linear", "echo nonlinear")


def _holds(condition: bool, number: str, evidence: str, why: str) -> Judgement:
    return Judgement("reproduced", number, evidence) if condition else Judgement("not reproduced", number, evidence, why)


def _unmeasured(what: str) -> Judgement:
    return Judgement("not measured", "", "", what)


def discrete(e: Evidence) -> Judgement:
    """Every parameter's RHEL gradient equals BPTT's, in the oracle and in each framework's parity tests.

    Parity levels: all gradients against the oracle's; "echo", RHEL against BPTT over 405 time steps.
    """
    errors = {model: values["separate"] for model, values in e.measured["discrete"].items()}
    number = ", ".join(f"{model} {value:.0e}" for model, value in errors.items()) + " (worst relative error, one unit, 405 steps)"
    parity, passed = "frameworks: not measured (parity.json is missing)", True
    if e.parity:
        passed = all(level["passed"] for one in e.parity.values() for level in one["levels"].values())
        worst = {name: {level: row["worst"] for level, row in one["levels"].items()} for name, one in e.parity.items()}
        parity = "; ".join(
            f"{name}: " + ", ".join(f"{level} {rows[level]:.0e}" for level in _GRADIENTS if level in rows)
            for name, rows in worst.items()
        )
    equal = all(value <= EQUAL[model] for model, value in errors.items())
    return _holds(equal and passed, number, f"float64 oracle, two separate echoes; {parity}", "a gradient or a parity test fails")


def in_continuous_time(e: Evidence) -> Judgement:
    """RHEL equals the adjoint state method on the toy system, at all times and for all parameters."""
    worst = max(e.measured["continuous"].values())
    number = f"{worst:.0e} (largest difference relative to the largest value)"
    evidence = "six coupled oscillators, 27 parameters, 41 times; float64 oracle"
    if (table := e.static.get("toy_differences")) is not None:
        by = (table.difference / table["size"]).groupby(table.implementation).max()
        solvers = {name: value for name, value in by.items() if name != "numpy"}
        evidence += "".join(f", {name} {value:.0e}" for name, value in solvers.items())
        worst = max(worst, *(value / SOLVER * EQUAL["continuous"] for value in solvers.values()))
    return _holds(worst <= EQUAL["continuous"], number, evidence, "the echo is off")


def on_a_real_sample(e: Evidence) -> Judgement:
    """Figure 4: cosine and norm ratio of RHEL to BPTT, every parameter of six blocks, one recording, float64."""
    table = e.static.get("static_gradients")
    if table is None:
        return _unmeasured("results/published/static/static_gradients.csv is missing")
    table = table[table.algorithm == "rhel"]
    apart = table.assign(cosine=(1 - table.cosine).abs(), norm_ratio=(1 - table.norm_ratio).abs())
    worst = apart.groupby(["model", "rho"], sort=False)[["cosine", "norm_ratio"]].max().reset_index()
    parts = [
        f"{MODELS[r['model']].label}, ρ = {r['rho']:g}: |1 − cosine| ≤ {r['cosine']:.0e}, "
        f"|1 − norm ratio| ≤ {r['norm_ratio']:.0e}"
        for r in worst.to_dict("records")
    ]
    finest = worst[worst.rho == worst.rho.min()]  # the error of a finite nudge is O(ρ²)
    equal = bool((finest[["cosine", "norm_ratio"]] <= EQUAL["nonlinear"]).all(axis=None))
    frameworks = ", ".join(LABELS[name] for name in table.framework.unique())
    evidence = f"static_gradients.csv: {len(table.drop_duplicates(['model', 'block', 'parameter']))} parameters, {frameworks}"
    return _holds(equal, "; ".join(parts), evidence, "a parameter is off at the smallest nudge")


def in_single_precision(e: Evidence) -> Judgement:
    """float32: the error of RHEL's gradient, and its ratio to that of float32 BPTT."""
    table = e.static.get("precision_bounds")
    if table is None:
        return _unmeasured("results/published/static/precision_bounds.csv is missing")
    table = table[(table.algorithm == "rhel") & (table.rho == SINGLE)]
    if table.empty:
        return _unmeasured(f"precision_bounds.csv has no row of rhel at ρ = {SINGLE:g}")
    parts = [
        f"{setting}: median error at most {rows.median_error.max():.0e}, at most {rows.ratio.max():.1f} times float32 BPTT's"
        for setting, rows in table.groupby("setting", sort=False)
    ]
    off = [
        f"{r.setting} {r.model} {r.framework} {r.length} steps"
        for r in table[~(table.median_holds & table.ratio_holds)].itertuples()
    ]
    evidence = (
        f"precision_bounds.csv: relative nudge ρ = {SINGLE:g}, {len(table)} cells, medians of up to {table.draws.max()} draws"
    )
    return _holds(not off, "; ".join(parts), evidence, f"beyond the bounds of the study: {', '.join(off)}")


def three_passes(e: Evidence) -> Judgement:
    """Leapfrog steps of one gradient, in units of the sequence's length."""
    counts = e.measured["passes"]
    number = ", ".join(f"{count:g} passes at {P} channels" for P, count in counts.items())
    return _holds(all(count == 3 for count in counts.values()), number, "calls of the integrator, counted", "another count")


def no_jacobian(e: Evidence) -> Judgement:
    """Calls of second derivatives; BPTT's count is nonzero, which validates the counter."""
    asked = e.measured["second_derivatives"]
    number = f"{asked['rhel_separate']} requests by RHEL, {asked['bptt']} by BPTT"
    works = asked["rhel_separate"] == 0 and asked["bptt"] > 0
    return _holds(works, number, "calls of the Hamiltonian's second derivatives in one gradient", "RHEL asked for one")


def no_variance(e: Evidence) -> Judgement:
    """Repeated estimates are bit-identical."""
    number = f"{e.measured['spread']:g} (largest difference of ten estimates)"
    return _holds(e.measured["spread"] == 0, number, "repeated gradients of one unit", "estimates differ")


def flat_memory(e: Evidence) -> Judgement:
    """State memory of one unit's forward and backward against length, from the benchmarks."""
    rows = e.benchmarks
    wanted = {"algorithm", "length", "state_bytes"}
    if rows is None or not wanted <= set(rows.columns):
        return _unmeasured("no benchmark of state memory against length in results/published/benchmarks")
    keys = [name for name in ("framework", "model", "device", "kernel") if name in rows.columns]
    rows = rows[rows.state_bytes.notna()].fillna(dict.fromkeys(keys, ""))  # rows of a CPU have no device
    sizes = [name for name in ("batch", "state") if name in rows.columns]
    growth: dict[str, dict[str, float]] = {"rhel": {}, "bptt": {}}
    lengths = []
    for key, part in rows.groupby(["algorithm", *keys, *sizes], dropna=False):
        algorithm, *names = map(str, (key if isinstance(key, tuple) else (key,))[: 1 + len(keys)])
        by_length = part.groupby("length").state_bytes.median()
        if len(by_length) > 1 and algorithm in growth:
            growth[algorithm][" ".join(filter(None, names))] = float(by_length.iloc[-1] / by_length.iloc[0])
            lengths += [int(by_length.index[0]), int(by_length.index[-1])]
    if not growth["rhel"]:
        return _unmeasured("the benchmarks have RHEL's state memory at one length only")
    number = f"growth from {min(lengths):,} to {max(lengths):,} steps: "
    number += ", ".join(
        f"{name} x {ratio:.2f}" + (f" (BPTT x {growth['bptt'][name]:.0f})" if name in growth["bptt"] else "")
        for name, ratio in growth["rhel"].items()
    )
    flat = all(ratio <= FLAT for ratio in growth["rhel"].values())
    return _holds(flat, number, "state_bytes in results/published/benchmarks", f"grows by more than {FLAT}")


def longest(e: Evidence) -> Judgement:
    """The gradient over 49,920 time steps; trained runs of that length are counted, too."""
    measured = e.measured["longest"]
    number = ", ".join(f"{model} {measured[model]:.0e}" for model in ("linear", "nonlinear"))
    number += f" (worst relative error at {measured['K']:,} steps)"
    runs = e.records.plain()
    trained = int((runs.task.eq("PPG-DaLiA") & runs.value.notna() & runs.algorithm.eq("rhel")).sum())
    evidence = f"float64 oracle, mean-difference pair; {trained} RHEL runs of that length trained to an end"
    equal = measured["linear"] <= EQUAL["linear"] and measured["nonlinear"] <= EQUAL["longest nonlinear"]
    if not equal:
        return Judgement("not reproduced", number, evidence, "the gradient is off")
    if trained == 0:
        return Judgement("inconclusive", number, evidence, "the gradient holds; training at that length has not been run here")
    return Judgement("reproduced", number, evidence)
