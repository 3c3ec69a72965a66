"""float32 gradients against the float64 BPTT gradient, per parameter: one unit and six blocks, 20 draws."""

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from rhelbench.spec import Nudge
from rhelbench.studies import stacks, units

LENGTHS, DELTA, DRAWS, BLOCKS = (405, 896), 0.1, 20, 6
#: Framework, algorithm and relative nudges ρ of one unit; BPTT has none.
RHOS = (1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0)
UNIT = [("jax", name, RHOS) for name in ("rhel", "rhel_separate", "rhel_released")]
UNIT += [("torch", "rhel", (1e-6, 1e-4, 1e-3)), ("torch", "rhel_separate", (1e-3,)), ("torch", "rhel_released", (1e-3,))]
#: Algorithm and nudges of the stack, in JAX; separate echoes need a larger ρ, since their difference cancels.
STACK = [("rhel", (1e-6, 1e-4, 1e-3)), ("rhel_separate", (1e-2,)), ("rhel_released", (1e-2,))]
#: Draws of the unit in PyTorch, whose portable loop is slow; the stack runs in JAX only.
TORCH_DRAWS = 5
#: Limits for the float32 gradient: error of every parameter in every draw, and ratio of medians to float32 BPTT.
ERROR, RATIO = 1e-5, 3.0
#: Suffixes of the step size's names: δ itself, or s of δ = sigmoid(s).
STEP = ("delta", ".s")
CELL = ["setting", "model", "framework", "length"]
KEYS = [*CELL, "algorithm", "rho"]
Rows = Iterator[tuple[str, str, str, int, str, float, int, str, float]]


def compute(
    lengths: Sequence[int] = LENGTHS, draws: int = DRAWS, blocks: int = BLOCKS, frameworks: Sequence[str] = ("jax", "torch")
) -> dict[str, pd.DataFrame]:
    """Measure float32 gradients against the float64 BPTT gradient of the same problem.

    Unit: 16 channels, δ = 0.1. Stack: 6 blocks, H = P = 16, 4 samples of 6 features ~ N(0, 1), δ = 0.1
    (linear: U(0.01, 0.1)).

    Args:
        lengths: numbers of time steps K.
        draws: random problems per setting.
        blocks: blocks of the stack.
        frameworks: names of FRAMEWORKS.

    Returns:
        ``precision``: setting (unit, stack), model, framework, length, algorithm, rho (relative nudge; empty
        for bptt), parameter, draws, and median and worst relative L2 error over them.
        ``precision_bounds``: see ``bounds``.
    """
    rows = []
    for K in lengths:
        for model in ("linear", "nonlinear"):
            rows += _unit(model, K, draws, frameworks)
        for model in ("linear", "nonlinear"):
            rows += _stack(model, K, draws, blocks)
    columns = [*KEYS, "draw", "parameter", "error"]
    data = pd.DataFrame(rows, columns=columns)
    grouped = data.groupby([*KEYS, "parameter"], sort=False, dropna=False).error
    table = grouped.agg(draws="size", median="median", worst="max").reset_index()
    return {"precision": table, "precision_bounds": bounds(table)}


def _unit(hamiltonian: str, K: int, draws: int, frameworks: Sequence[str]) -> Rows:
    drawn = units.draw(hamiltonian, K, DELTA, draws)
    truth = units.truth(drawn)
    plan = [(framework, "bptt", (float("nan"),)) for framework in frameworks] + [one for one in UNIT if one[0] in frameworks]
    for framework, algorithm, rhos in plan:
        sizes = [1.0] if algorithm == "bptt" else rhos
        own = drawn if framework != "torch" else drawn.first(TORCH_DRAWS)
        wanted = {name: value[: len(own.f)] for name, value in truth.items()}
        found = units.errors(units.gradients(framework, own, algorithm, "float32", "relative", sizes), wanted)
        for name, values in found.items():
            for (r, e), value in np.ndenumerate(values):
                yield "unit", hamiltonian, framework, K, algorithm, rhos[e], r, name, float(value)


def _stack(model: str, K: int, draws: int, blocks: int) -> Rows:
    spec, shape = stacks.draw(model, K, blocks, DELTA)
    nudge = spec.switches.nudge
    reference = stacks.learner(spec, shape, "jax", "bptt", nudge, "float64")
    plan = [("bptt", float("nan"), nudge)]
    for algorithm, rhos in STACK:
        plan += [(algorithm, rho, Nudge(mode="relative", size=rho)) for rho in rhos]
    tested = [(a, rho, stacks.learner(spec, shape, "jax", a, size, "float32")) for a, rho, size in plan]
    for r in range(draws):
        given = stacks.problem(spec, shape, DELTA, r)
        truth = stacks.gradients(reference, *given, "float64")
        for algorithm, rho, learner in tested:
            found = stacks.gradients(learner, *given, "float32")
            for path, value in truth.items():
                error = np.linalg.norm(found[path] - value) / np.linalg.norm(value)
                yield "stack", model, "jax", K, algorithm, rho, r, path, float(error)


def bounds(table: pd.DataFrame) -> pd.DataFrame:
    """Compare each algorithm with the limits ERROR and RATIO.

    Args:
        table: ``precision``.

    Returns:
        Columns of CELL, algorithm, rho, draws. ``median_error``: largest median error over parameters.
        ``worst_error``: largest error of any draw. ``ratio``: largest ratio of medians to float32 BPTT.
        Each has the name of its parameter. ``without_delta``: the ratio without the step size δ. The last
        three columns say whether each limit is met.
    """
    rows = []
    for cell, part in table.groupby(CELL, sort=False):
        plain = part[part.algorithm == "bptt"].set_index("parameter")["median"]
        for (algorithm, rho), own in part.groupby(["algorithm", "rho"], sort=False, dropna=False):
            own = own.set_index("parameter")
            ratios = own["median"] / plain
            others = ratios[[not str(name).endswith(STEP) for name in ratios.index]]
            middle, worst, ratio = (float(values.max()) for values in (own["median"], own.worst, ratios))
            row = dict(zip(CELL, cell, strict=True)) | {"algorithm": algorithm, "rho": rho, "draws": int(own.draws.max())}
            row |= {"median_error": middle, "median_error_of": str(own["median"].idxmax())}
            row |= {"worst_error": worst, "worst_error_of": str(own.worst.idxmax())}
            row |= {"ratio": ratio, "ratio_of": str(ratios.idxmax()), "without_delta": float(others.max())}
            rows.append(row | {"median_holds": middle <= ERROR, "every_holds": worst <= ERROR, "ratio_holds": ratio <= RATIO})
    return pd.DataFrame(rows)
