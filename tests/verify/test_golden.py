"""The oracle against vectors made by the public RHEL code, biases included (tests/golden/README.md)."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from rhelbench.errors import UserError
from rhelbench.oracle.hamiltonians import HAMILTONIANS
from rhelbench.oracle.hru import channel_parameters, read_in
from rhelbench.oracle.hssm import hssm
from rhelbench.oracle.integrators import INTEGRATORS
from rhelbench.oracle.learner import make_learner, unit_gradients
from rhelbench.oracle.loss import softmax
from rhelbench.oracle.norm import start
from rhelbench.oracle.recurrence import forward
from rhelbench.registry import MODELS
from rhelbench.verify import golden, vectors
from rhelbench.verify.comparison import compare, summary
from tests.oracle.draws import RELATIVE, relative_error

FOLDER = Path("tests/golden")
NAMES = sorted(path.stem for path in FOLDER.glob("*.npz"))
LAYERS, STACKS = [n for n in NAMES if "layer" in n], [n for n in NAMES if n.startswith("model_")]


@pytest.fixture(scope="module")
def files() -> dict[str, golden.Vectors]:
    return {v.name: v for v in golden.load(FOLDER)}


@pytest.mark.parametrize("name", NAMES)
def test_every_vector_is_reached(files, name):
    rows = list(
        vectors.check_model(files[name], make_learner) if name in STACKS else vectors.check_layer(files[name], unit_gradients)
    )
    assert not [row for row in rows if row.status == "failed"]
    skipped = {row.quantity for row in rows if row.status == "skipped"}
    assert skipped == ({"inference"} if "model_Nonlin" in name else set())
    rules = {row.quantity.split(" against ")[0].split(", ")[-1] for row in rows if " against " in row.quantity}
    theorem = "rhel_separate" if "paper" in name else "rhel_released"
    assert rules == {"bptt", theorem} | ({"rhel"} if files[name].integrator == "leapfrog" else set())


@pytest.mark.parametrize("name", LAYERS)
def test_positions_and_momenta_are_reached_too(files, name):
    file = files[name]
    raw = golden.unit_arrays(file)
    entry = MODELS[file.model]
    theta, delta = channel_parameters(entry, vectors.switches(file, "bptt", RELATIVE), raw)
    f = read_in(entry, raw, raw["u"][:, None])
    phi, pi = forward(HAMILTONIANS[str(entry.hamiltonian)], INTEGRATORS[file.integrator], theta, delta, f)
    for ours, stored in ((phi[1:, 0], file.arrays["y"]), (pi[1:, 0], file.arrays["z"])):
        lanes = np.concatenate([stored.real, stored.imag], axis=1) if entry.paired else stored
        assert relative_error(ours, lanes) < vectors.EXACT


@pytest.mark.parametrize("name", STACKS)
def test_the_output_of_training_calls_is_reached_too(files, name):
    file = files[name]
    spec, shape = vectors.model_spec(file, "bptt", RELATIVE)
    norm, read = (
        [start("ema_released", spec.hyper.hidden)] * spec.hyper.blocks,
        softmax if shape.kind == "classification" else np.asarray,
    )
    for call, key in ((1, "X"), (2, "X2")):
        parameters = golden.path_arrays(file, "param.")
        out, norm, _ = hssm(spec, shape, parameters, norm, call - 1, True, file.arrays[key])
        assert relative_error(read(out), file.arrays[f"train.out{call}"]) < vectors.EXACT


@pytest.mark.parametrize("name", NAMES)
def test_no_stored_gradient_is_overlooked(files, name):
    """Every array of a gradient is compared, but for those with respect to values after an activation."""
    file = files[name]
    for tag in ("bptt", *golden.TAGS):
        if name in STACKS:
            stored = {key for key in file.arrays if key.startswith(f"{tag}.g1.")}
            compared = golden.path_arrays(file, f"{tag}.g1.")
            split = sum(path.endswith(("_re", "_im")) for path in compared)
            assert len(compared) - split / 2 == len(stored)
            assert set(compared) == set(golden.path_arrays(file, "param."))
        else:
            stored = {key.removeprefix(f"{tag}_g_") for key in file.arrays if key.startswith(f"{tag}_g_")}
            passed_over = stored - {key for key in stored if key in golden.LETTERS}
            assert passed_over <= {"A", "c_eff"}
            assert set(golden.unit_arrays(file, f"{tag}_g_")) == set(golden.unit_arrays(file))


def test_the_comparison_tells_right_from_wrong(files):
    """The theorem's rule does not pass for the released one, nor does a last digit of the sixth place."""

    def unbiased(model, switches, raw, u, bar):
        return unit_gradients(model, switches.model_copy(update={"algorithm": "rhel"}), raw, u, bar)

    def shaken(model, switches, raw, u, bar):
        y, gradients = unit_gradients(model, switches, raw, u, bar)
        return y, {name: value * (1 + 1e-5) for name, value in gradients.items()}

    file = files["lin_layer_real_L64_H4_P8"]
    failed = {row.name for row in vectors.check_layer(file, unbiased) if row.status == "failed"}
    assert failed == {"a", "s", "B"}
    assert {row.name for row in vectors.check_layer(file, shaken) if row.status == "failed"} == {"a", "s", "B", "C", "D", "u"}


def test_a_value_that_is_not_finite_fails():
    assert compare("f", "q", "n", np.array([np.nan]), np.array([1.0]), 1.0).status == "failed"
    assert compare("f", "q", "n", np.array([1.0]), np.array([np.nan]), 1.0).status == "skipped"


def test_folders_without_vectors_and_foreign_files_are_named(tmp_path):
    with pytest.raises(UserError, match=r"No \.npz file in"):
        golden.load(tmp_path)
    shutil.copy(FOLDER / f"{LAYERS[0]}.npz", tmp_path / "other.npz")
    with pytest.raises(UserError, match="is no vector file this program knows"):
        golden.load(tmp_path)


def test_a_whole_folder_is_checked_in_one_call():
    rows = vectors.check(FOLDER, make_learner, unit_gradients)
    assert {row.file for row in rows} == set(NAMES)
    assert all(row.error <= row.allowed for row in rows if row.status == "ok")
    short = summary(rows)
    assert {(row.file, row.quantity) for row in short} == {(row.file, row.quantity) for row in rows}
    assert len(short) < len(rows) / 5


def test_a_summary_shows_the_failure_among_successes(files):
    file = files["lin_layer_real_L5_H2_P3"]
    rows = list(vectors.check_layer(file, unit_gradients))
    bad = compare(file.name, rows[0].quantity, "n", np.array([np.nan]), np.array([1.0]), 1.0)
    assert bad in summary([rows[0], bad])
    assert bad in summary([bad, rows[0]])
