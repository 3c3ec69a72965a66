"""Effect of each difference between the released code and the theorems on gradient, model and metric."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

from rhelbench.config import protocols
from rhelbench.config.protocols import read_protocol
from rhelbench.contract import TaskShape
from rhelbench.oracle.algorithms import ALGORITHMS
from rhelbench.oracle.hamiltonians import HAMILTONIANS
from rhelbench.oracle.integrators import INTEGRATORS
from rhelbench.oracle.learner import make_learner
from rhelbench.parameters import initial_parameters
from rhelbench.registry import DEVIATIONS, MODELS
from rhelbench.registry import HAMILTONIANS as ENTRIES
from rhelbench.seeds import generator
from rhelbench.spec import Budget, Hyperparameters, RunSpec, Switches
from rhelbench.stats.equivalence import paired_tests
from rhelbench.stats.pairs import differences
from rhelbench.stats.runs import Records
from rhelbench.studies import single_unit

ROWS = Path(__file__).with_name("deviations.yaml")
#: Rows whose switch changes the model or its gradient; the others change random numbers or precision only.
SHOWN = (1, 2, 3, 4, 8, 9, 10)
#: Row 5: factors of the loss.
FACTORS = (1.0, 1e3, 1e6)
#: Why the oracle cannot measure a row.
WITHOUT = {
    6: "changes the noise only",
    7: "changes the split only",
    11: "changes which samples are seen",
    12: "changes the split only",
    13: "changes which evaluation is reported",
    14: "changes the data only",
    15: "changes when a run ends",
}
_LENGTH, _SAMPLES = 405, 4
SHAPE = TaskShape(channels=6, length=_LENGTH, outputs=2, kind="classification")


def rows() -> list[dict[str, Any]]:
    """Return the rows of docs/deviations.md: row, switch, released, exact, code, theory, why."""
    return yaml.safe_load(ROWS.read_text(encoding="utf-8"))


def gradients(model: str, chosen: dict[str, Any]) -> dict[str, np.ndarray]:
    """Return one small model's gradients under chosen switches (float64, no dropout).

    2 blocks, H 8, P 8, 4 samples of 405 time steps ~ N(0, 1). One training call on other samples comes first, so
    that running statistics differ from the batch's.

    Args:
        model: a key of ``registry.MODELS``.
        chosen: the switches.
    """
    hyper = Hyperparameters(lr=1e-12, blocks=2, hidden=8, state=8, batch=_SAMPLES, dropout=0.0, time_channel=False)
    names = {"task": "drawn", "model": model, "algorithm": "rhel", "framework": "numpy", "protocol": "measured", "seed": 0}
    budget = Budget(steps=1, eval_every=1, patience=1, time_limit_s=1.0, chunk_steps=1)
    spec = RunSpec.model_validate(names | {"hyper": hyper, "budget": budget, "switches": Switches(**chosen), "dtype": "float64"})
    rng = generator("deviations/data", "drawn", 0, 0)
    x, y = rng.standard_normal((2 * _SAMPLES, _LENGTH, SHAPE.channels)), rng.integers(0, SHAPE.outputs, 2 * _SAMPLES)
    learner = make_learner(spec, SHAPE)
    learner.init(initial_parameters(spec, SHAPE), 0)
    learner.train_chunk(x, y, np.arange(_SAMPLES, dtype=np.int32)[None])
    return learner.gradients(x[_SAMPLES:], y[_SAMPLES:])[1]


def _distance(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> float:
    """Return the relative L2 distance of two gradients, over all parameters."""
    squares = sum(float(np.sum((one[path] - other[path]) ** 2)) for path in other if path != "input")
    return float(np.sqrt(squares / sum(float(np.sum(other[path] ** 2)) for path in other if path != "input")))


def measure(model: str) -> pd.DataFrame:
    """Change each switch alone from ``exact`` to ``released`` and compare gradients.

    Args:
        model: a key of ``registry.MODELS``.

    Returns:
        One row per deviation that the oracle can show (row 0: no change). ``rule_error``: relative L2 difference
        between RHEL's and BPTT's gradient of the same model, worst and median over parameters, with the path
        of the worst. ``gradient_change``: distance of the exact (BPTT) gradient from that of the exact model.
    """
    exact, released = (
        protocols.resolve_switches(read_protocol(protocol), _LENGTH, "rhel", model) for protocol in ("exact", "released")
    )
    before = gradients(model, exact | {"algorithm": "bptt"})
    found = []
    for row in (0, *SHOWN):
        if DEVIATIONS[row].of_released_step and not ENTRIES[str(MODELS[model].hamiltonian)].released_step:
            continue
        chosen = exact | {name: released[name] for name in DEVIATIONS[row].switches}
        estimate, truth = gradients(model, chosen), gradients(model, chosen | {"algorithm": "bptt"})
        scales = {path: float(np.linalg.norm(value)) for path, value in truth.items() if path != "input"}
        errors = {path: float(np.linalg.norm(estimate[path] - truth[path])) / scale for path, scale in scales.items() if scale}
        worst = max(errors, key=lambda path: errors[path])
        values = {"rule_error": errors[worst], "median": float(np.median(list(errors.values()))), "worst": worst}
        found.append({"row": row, "model": model, **values, "gradient_change": _distance(truth, before)})
    return pd.DataFrame(found)


def rounding(static: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Return the float32 error of two subtracted echoes at the released ε (row 8), from the study of ε.

    Args:
        static: tables of the studies by name; without ``epsilon`` the result is empty.

    Returns:
        One row per model and length: the parameter with the largest relative L2 error to the float64 BPTT
        gradient, and that error.
    """
    columns = ["model", "length", "parameter", "error"]
    if "epsilon" not in static:
        return pd.DataFrame(columns=columns)
    size = read_protocol("released").nudge.size
    table = static["epsilon"].query("algorithm == 'rhel_separate' and dtype == 'float32' and mode == 'absolute'")
    table = table[np.isclose(table["size"], size)]
    return table.loc[table.groupby(["model", "length"]).error.idxmax(), columns].reset_index(drop=True)


def factors(K: int = _LENGTH, P: int = 8) -> pd.DataFrame:
    """Return how multiplying the loss by a factor changes the echo (row 5); the kick scales with the gradient.

    One nonlinear unit, f ~ N(0, 1), dL/dφ ~ factor · N(0, 1)/(32 K), as for a loss averaged over a batch of 32
    and over time. The linear unit's echo is exact at any ε.

    Args:
        K: time steps.
        P: channels.

    Returns:
        One row per nudge (of ``released`` and ``exact``) and factor: the largest relative L2 error to BPTT's
        gradient.
    """
    theta, delta, f, g = single_unit.problem("nonlinear", K, P)
    found = []
    for protocol in ("released", "exact"):
        nudge = read_protocol(protocol).nudge
        for factor in FACTORS:
            own = factor * g / (32 * K)
            estimate, truth = (
                ALGORITHMS[name](HAMILTONIANS["nonlinear"], INTEGRATORS["leapfrog"], nudge, theta, delta, f, f)[1](own)
                for name in ("rhel", "bptt")
            )
            error = single_unit.error(estimate, truth)
            found.append({"nudge": nudge.mode, "size": nudge.size, "factor": factor, "error": error})
    return pd.DataFrame(found)


def differing_switches(first: str, second: str) -> set[str]:
    """Return the switches in which two protocols differ; a name after "+" lists overrides of the protocol.

    Example:
        >>> sorted(differing_switches("released", "released+algorithm=rhel"))
        ['algorithm']
    """
    (one, _, extra), (two, _, other) = first.partition("+"), second.partition("+")
    names = {part.partition("=")[0] for part in f"{extra},{other}".split(",") if part}
    if one != two:
        a, b = read_protocol(one).model_dump(), read_protocol(two).model_dump()
        own = {"algorithms": "algorithm", "integrators": "integrator", "nudge_separate": "nudge"}
        names |= {own.get(key, key) for key in a if a[key] != b[key]}
    return names


def metric_effects(records: Records) -> pd.DataFrame:
    """Compare configurations that differ in protocol, or in single switches, paired by seed.

    Args:
        records: one row per run.

    Returns:
        One row per (task, model, algorithm, framework) and pair of protocols: differing switches, n, mean
        difference (second − first) and 95 % paired t interval, in the metric's unit.
    """
    runs = records.plain().dropna(subset=["value"])
    keys = ["task", "model", "algorithm", "framework"]
    found = []
    for key, part in runs.groupby(keys, sort=False):
        cells = sorted(part.protocol.unique(), key=lambda name: (name.count("+"), name != "exact", name))
        for place, first in enumerate(cells):
            for second in cells[place + 1 :]:
                pair = differences(part, second, first, by="protocol")
                names = differing_switches(first, second)
                if pair.empty or not names <= set(Switches.model_fields):
                    continue  # not run in both, or with other hyperparameters or a shorter budget
                result = paired_tests(pair.difference.to_numpy(float), 1.0)
                entry = dict(zip(keys, key, strict=True)) | {"first": first, "second": second, "metric": part.metric.iloc[0]}
                entry["switches"] = " ".join(sorted(names))
                found.append(entry | {"n": result.n, "mean": result.mean, "low": result.low, "high": result.high})
    return pd.DataFrame(found, columns=[*keys, "first", "second", "switches", "metric", "n", "mean", "low", "high"])
