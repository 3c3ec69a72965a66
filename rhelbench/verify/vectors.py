"""Compare a framework, or the oracle, with vectors from the public RHEL code."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from kernels.passes import KERNELS
from rhelbench.contract import Arrays, Learner, TaskShape
from rhelbench.oracle.loss import softmax
from rhelbench.registry import MODELS
from rhelbench.spec import Budget, Hyperparameters, Nudge, RunSpec, Switches
from rhelbench.verify import golden
from rhelbench.verify.comparison import FLOOR, Comparison, compare
from rhelbench.verify.golden import Vectors

#: Tolerances relative to max|reference| of each array: outputs and exact gradients; released RHEL gradients by ε.
EXACT = 1e-9
RELEASED: dict[str, float] = {"rhel_e1e-1": 1e-8, "rhel_e1e-3": 1e-6}

#: All tags of a file.
ALL_TAGS = ("bptt", *golden.TAGS)
#: ``make_learner`` and ``unit_gradients`` of a framework's learner.py.
Factory = Callable[[RunSpec, TaskShape], Learner]
Unit = Callable[[str, Switches, Arrays, Any, Any], tuple[Any, Arrays]]
#: The nudge of ``rhel``; its truncation, O(ρ²), is below rounding, and the echo pair does not cancel.
FINE = Nudge(mode="relative", size=1e-6)


def switches(vectors: Vectors, algorithm: str, nudge: Nudge) -> Switches:
    """Return the released code's switches with another algorithm and nudge."""
    return Switches.model_validate(
        {
            "algorithm": algorithm, "integrator": vectors.integrator, "nudge": nudge, "c_squash": 2, "delta_init": 0.1,
            "delta_trained": True, "loss": "log_offset", "norm": "ema_released", "dropout_mask": "per_batch",
            "split": "released", "batches": "drop_further",
        }
    )  # fmt: skip


def _rules(vectors: Vectors, tags: tuple[str, ...], kernel: str = "portable") -> Iterator[tuple[str, str, Nudge, float]]:
    """Yield the comparisons of a file: stored tag, algorithm, nudge, relative tolerance.

    With ``fused``, only those with a kernel. Autodiff of the same recurrence is the reference for ``bptt``, and for
    ``rhel`` if the integrator is reversible. The stored RHEL arrays are the released rule's, except in the
    ``paper`` files, which use the theorem's.
    """
    absolute = {tag: Nudge(mode="absolute", size=size) for tag, size in golden.TAGS.items()}
    stored_rule = "rhel_separate" if vectors.name.startswith("nonlin_layer_paper") else "rhel_released"
    rows = [("bptt", "bptt", absolute["rhel_e1e-1"], EXACT)]
    if vectors.integrator == "leapfrog":
        rows.append(("bptt", "rhel", FINE, EXACT))
    rows += [(tag, stored_rule, nudge, RELEASED[tag]) for tag, nudge in absolute.items()]
    hamiltonian = str(MODELS[vectors.model].hamiltonian)
    for row in rows:
        if row[0] in tags and (kernel != "fused" or (hamiltonian, vectors.integrator, row[1]) in KERNELS):
            yield row


def _rounding(vectors: Vectors, tag: str, length: int, delta: float) -> float:
    """Return the absolute tolerance: two echoes of a nonlinear unit cancel down to 1e-15 L δ/ε."""
    if tag in golden.TAGS and vectors.model == "nonlinear":
        return FLOOR + 1e-15 * length * delta / golden.TAGS[tag]
    return FLOOR


def check_layer(vectors: Vectors, unit: Unit, tags: tuple[str, ...] = ALL_TAGS, kernel: str = "portable") -> Iterator[Comparison]:
    """Compare one unit's output and gradients with a layer file; the stored loss is Σ cot · out.

    Args:
        vectors: the file.
        unit: the framework's ``unit_gradients``.
        tags: tags of the file to compare.
        kernel: kernel of the trajectory.
    """
    raw = golden.unit_arrays(vectors)
    u, cot = raw.pop("u")[:, None, :], vectors.arrays["cot"][:, None, :]
    delta = float(raw["delta"]) if "delta" in raw else 1.0
    for tag, algorithm, nudge, relative in _rules(vectors, tags, kernel):
        out, gradients = unit(vectors.model, switches(vectors, algorithm, nudge), raw, u, cot)
        rows = [compare(vectors.name, f"forward, {algorithm}", "out", out[:, 0], vectors.arrays["out"], EXACT)]
        absolute = _rounding(vectors, tag, len(u), delta)
        for name, reference in golden.unit_arrays(vectors, f"{tag}_g_").items():
            ours = gradients[name][:, 0] if name == "u" else gradients[name]
            rows.append(compare(vectors.name, f"{algorithm} against {tag}", name, ours, reference, relative, absolute))
        chaotic = vectors.model == "nonlinear" and delta >= 0.5 and len(u) >= 405
        yield from ([Comparison(r.file, r.quantity, r.name, r.error, r.allowed, "report") for r in rows] if chaotic else rows)


def model_spec(vectors: Vectors, algorithm: str, nudge: Nudge, kernel: str = "portable") -> tuple[RunSpec, TaskShape]:
    """Return specification and sizes of a model file: Adam at 1e-2, no dropout."""
    x, y = vectors.arrays["X"], vectors.arrays["y"]
    parameters = golden.path_arrays(vectors, "param.")
    regression = y.ndim == 3
    shape = TaskShape(
        channels=x.shape[2], length=x.shape[1], outputs=y.shape[-1], kind="regression" if regression else "classification",
        output_step=x.shape[1] // y.shape[1] if regression else 1,
    )  # fmt: skip
    hyper = Hyperparameters(
        lr=1e-2, blocks=sum(path.endswith("glu.W1") for path in parameters), hidden=len(parameters["encoder.bias"]),
        state=next(value.shape[0] for path, value in parameters.items() if ".hru.B" in path), batch=len(x), dropout=0.0,
        time_channel=False,
    )  # fmt: skip
    spec = RunSpec.model_validate(
        {
            "task": vectors.name, "model": vectors.model, "algorithm": "bptt" if algorithm == "bptt" else "rhel",
            "framework": "numpy", "protocol": "released", "seed": 0, "hyper": hyper, "dtype": "float64",
            "budget": Budget(steps=3, eval_every=3, patience=1, time_limit_s=600, chunk_steps=3),
            "switches": switches(vectors, algorithm, nudge), "kernel": kernel,
        }
    )  # fmt: skip
    return spec, shape


def check_model(
    vectors: Vectors, factory: Factory, tags: tuple[str, ...] = ALL_TAGS, kernel: str = "portable"
) -> Iterator[Comparison]:
    """Compare a whole stack with a model file, for some of its tags.

    Inference; losses and gradients of two training calls; norm statistics after each; three Adam steps.
    """
    file, stored = vectors.name, vectors.arrays
    parameters = golden.path_arrays(vectors, "param.")
    regression = stored["y"].ndim == 3
    deltas = [float(np.max(value)) for path, value in parameters.items() if path.endswith(".delta")]
    for tag, algorithm, nudge, relative in _rules(vectors, tags, kernel):
        spec, shape = model_spec(vectors, algorithm, nudge, kernel)
        learner = factory(spec, shape)
        learner.init(parameters, 0)
        y = learner.put(stored["y"] if regression else stored["y"].argmax(axis=1))
        first = learner.put(stored["X"])
        read = (lambda z: z) if regression else softmax
        yield compare(file, "inference", f"start, {algorithm}", read(learner.predict(first)), stored["infer.out_init"], EXACT)
        absolute = _rounding(vectors, tag, shape.length, max(deltas, default=1.0))
        quantity = f"{algorithm} against {tag}"
        start = learner.state()
        for call, key in ((1, "X"), (2, "X2")):
            x = learner.put(stored[key])
            loss, gradients = learner.gradients(x, y)
            yield compare(file, quantity, f"loss of call {call}", loss, stored[f"{tag}.loss{call}"], EXACT)
            for name, reference in golden.path_arrays(vectors, f"{tag}.g{call}.").items():
                yield compare(file, quantity, f"call {call}: {name}", gradients[name], reference, relative, absolute)
            learner.train_chunk(x, y, np.arange(spec.hyper.batch, dtype=np.int32)[None])
            state = learner.state()
            for name, reference in golden.norm_arrays(vectors, call).items():
                yield compare(file, "norm statistics", f"call {call}: {name}, {algorithm}", state[name], reference, EXACT)
            # the stored second call uses the first call's statistics and the same parameters
            learner.restore(start | {name: value for name, value in state.items() if name.startswith("norm.")})
            out = read(learner.predict(first))
            yield compare(file, "inference", f"after call {call}, {algorithm}", out, stored[f"infer.out_after{call}"], EXACT)
        learner.restore(start)
        batch = np.arange(spec.hyper.batch, dtype=np.int32)
        both_y = stored["y"] if regression else stored["y"].argmax(axis=1)
        plan = np.stack([batch, batch + spec.hyper.batch, batch])
        losses = learner.train_chunk(
            learner.put(np.concatenate([stored["X"], stored["X2"]])), learner.put(np.concatenate([both_y, both_y])), plan
        )
        yield compare(file, f"three Adam steps, {quantity}", "losses", losses, stored[f"{tag}.adam3.losses"], relative)
        state = learner.state()
        for name, reference in golden.path_arrays(vectors, f"{tag}.adam3.").items():
            ours = state[f"parameters.{name}"]
            yield compare(file, f"three Adam steps, {quantity}", name, ours, reference, relative)


def check(folder: Path, factory: Factory, unit: Unit, kernel: str = "portable") -> list[Comparison]:
    """Compare a framework with all vector files of a folder.

    Args:
        folder: folder of the ``.npz`` files.
        factory: the framework's ``make_learner``.
        unit: the framework's ``unit_gradients``.
        kernel: kernel of the whole models; ``fused`` skips models without one.

    Returns:
        One row per array, in the order of files.

    Raises:
        UserError: the folder has no vectors.
    """
    rows: list[Comparison] = []
    for vectors in golden.load(folder):
        rows += (
            check_model(vectors, factory, kernel=kernel)
            if vectors.name.startswith("model_")
            else check_layer(vectors, unit, kernel=kernel)
        )
    return rows
