"""Each verdict follows from the evidence and from nothing else."""

from dataclasses import replace
from typing import get_args

import pandas as pd
import pytest

from rhelbench.claims.evidence import Evidence, statistics
from rhelbench.claims.ledger import CLAIMS, ledger
from rhelbench.claims.method import SINGLE
from rhelbench.claims.verdict import Judgement, Verdict
from rhelbench.records import collected, reported
from rhelbench.stats import against_paper, pairs, skill
from tests.stats import factory


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    folder = factory.write(tmp_path_factory.mktemp("ledger"), factory.counts("BasicMotions", "linear", "rhel", [12, 11], 12))
    return collected.read(folder)


def _evidence(small, tables=None, **changes) -> Evidence:
    good = {
        "continuous": {"integrand": 1e-11}, "discrete": {"linear": {"separate": 1e-12}, "nonlinear": {"separate": 1e-7}},
        "passes": {"2": 3.0, "16": 3.0}, "second_derivatives": {"bptt": 150, "rhel_separate": 0}, "spread": 0.0,
        "longest": {"K": 300, "linear": 1e-13, "nonlinear": 1e-6},
    }  # fmt: skip
    return Evidence(small, good | changes, tables or statistics(small), {}, None, None, [])


def test_verdicts_follow_the_evidence(small):
    good = ledger(_evidence(small)).set_index("name").verdict
    assert set(good) <= set(get_args(Verdict))
    method = ["gradient, discrete time", "gradient, continuous time", "three passes", "no Jacobian", "no variance"]
    assert set(good[method]) == {"reproduced"}
    assert set(good[["Table 1", "Table 2"]]) == {"not testable here"}
    absent = ["constant memory", "on par, released", "two frameworks", "gradient, real sample", "gradient, float32", "long range"]
    assert set(good[absent]) == {"not measured"}
    bad = {
        "continuous": {"integrand": 1e-3}, "discrete": {"linear": {"separate": 1e-3}, "nonlinear": {"separate": 1e-7}},
        "passes": {"2": 3.0, "16": 4.0}, "second_derivatives": {"bptt": 150, "rhel_separate": 1}, "spread": 1e-9,
    }  # fmt: skip
    assert set(ledger(_evidence(small, **bad)).set_index("name").verdict[method]) == {"not reproduced"}


def _verdict(folder, rows, name: str, **changes) -> Judgement:
    found = collected.read(factory.write(folder, rows))
    evidence = replace(_evidence(found, tables={"pairs": pairs.compare(found)}), **changes)
    return next(claim for claim in CLAIMS if claim.name == name).judge(evidence)


def test_on_par_needs_informative_tasks_and_all_of_the_paper(tmp_path):
    def both(task, model, bptt, rhel, total, protocol="exact"):
        rows = factory.counts(task, model, "bptt", bptt, total, protocol=protocol)
        return rows + factory.counts(task, model, "rhel", rhel, total, protocol=protocol)

    same = both("BasicMotions", "linear", [12, 11, 12], [12, 11, 12], 12)
    assert _verdict(tmp_path, same, "on par, elsewhere").verdict == "inconclusive"  # nothing says it is above chance
    majority = factory.counts("BasicMotions", "majority", "bptt", [3, 3, 3], 12, framework="numpy")
    assert _verdict(tmp_path, same + majority, "on par, elsewhere").verdict == "reproduced"
    heart = both("Heartbeat", "linear", [45, 46, 46, 45, 46], [45, 46, 46, 45, 46], 62)
    heart += factory.counts("Heartbeat", "majority", "bptt", [40, 40, 41, 40, 40], 62, framework="numpy")
    one = _verdict(tmp_path, heart, "on par, exact")
    assert one.verdict == "inconclusive"
    assert "13 tasks and models not run" in one.why
    apart = both("Heartbeat", "linear", [45, 46, 46, 45, 46], [35, 36, 35, 35, 36], 62)
    assert _verdict(tmp_path, apart, "on par, exact").verdict == "not reproduced"
    noisy = both("Heartbeat", "linear", [45, 40, 50, 45, 46], [50, 38, 46, 49, 41], 62)
    one = _verdict(tmp_path, noisy, "on par, exact")
    assert one.verdict == "inconclusive"
    assert "power of the equivalence test" in one.why


def test_memory_is_needed_where_the_memoryless_model_is_worse(tmp_path):
    for base, expected in (([6, 4, 6], "reproduced"), ([6, 5, 6], "reproduced"), ([12, 12, 12], "not reproduced")):
        rows = factory.counts("BasicMotions", "linear", "rhel", [12, 11, 12], 12)
        found = collected.read(factory.write(tmp_path, rows + factory.counts("BasicMotions", "memoryless", "bptt", base, 12)))
        tables = {"skill": skill.table(found)}
        assert _verdict(tmp_path, rows, "long range, elsewhere", tables=tables).verdict == expected
        assert _verdict(tmp_path, rows, "long range", tables=tables).verdict == "not measured"
    worse = tables["skill"].assign(high=-0.1, better=False)
    assert (
        "worse than the memoryless model: BasicMotions"
        in _verdict(tmp_path, rows, "long range, elsewhere", tables={"skill": worse}).why
    )


def test_files_of_other_commands_are_evidence(tmp_path):
    rows = factory.counts("BasicMotions", "linear", "rhel", [12], 12)
    flat = pd.DataFrame(
        {"framework": "jax", "model": "linear", "algorithm": "rhel", "length": [1000, 100_000], "state_bytes": 4e6}
    )
    bptt = flat.assign(algorithm="bptt", state_bytes=[4e6, 4e8])
    judged = _verdict(tmp_path, rows, "constant memory", benchmarks=pd.concat([flat, bptt]))
    assert judged.verdict == "reproduced"
    assert "jax linear x 1.00 (BPTT x 100)" in judged.number
    device = pd.concat([flat.assign(device="a card"), flat.assign(device=None), bptt.assign(device=None)])
    named = _verdict(tmp_path, rows, "constant memory", benchmarks=device).number
    assert "jax linear x 1.00 (BPTT x 100)" in named
    assert "jax linear a card x 1.00" in named
    once = flat[flat.length == 1000]
    assert _verdict(tmp_path, rows, "constant memory", benchmarks=once).verdict == "not measured"
    grown = flat.assign(state_bytes=[4e6, 4e8])
    assert _verdict(tmp_path, rows, "constant memory", benchmarks=grown).verdict == "not reproduced"
    for passed, expected in ((True, "reproduced"), (False, "not reproduced")):
        parity = {"jax": {"levels": {"gradients": {"worst": 1e-12, "passed": passed}}}}
        assert _verdict(tmp_path, rows, "gradient, discrete time", parity=parity).verdict == expected


def test_studies_are_evidence(tmp_path):
    rows = factory.counts("BasicMotions", "linear", "rhel", [12], 12)
    for cosine, expected in ((1 - 1e-12, "reproduced"), (0.99, "not reproduced")):
        row = {"framework": "jax", "model": "nonlinear", "block": 0, "parameter": "w", "norm_ratio": 1.0}
        other = [{"algorithm": "rhel", "rho": 1e-4, "cosine": 0.9}, {"algorithm": "rhel_released", "rho": 1e-6, "cosine": 0.5}]
        table = pd.DataFrame([row | one for one in ({"algorithm": "rhel", "rho": 1e-6, "cosine": cosine}, *other)])
        static = {"static_gradients": table}
        assert _verdict(tmp_path, rows, "gradient, real sample", static=static).verdict == expected
    cell = {"setting": "unit", "model": "linear", "framework": "jax", "length": 405, "algorithm": "rhel", "rho": SINGLE}
    for holds, expected in ((True, "reproduced"), (False, "not reproduced")):
        static = {
            "precision_bounds": pd.DataFrame(
                [cell | {"median_error": 1e-6, "ratio": 2.0, "draws": 20, "median_holds": True, "ratio_holds": holds}]
            )
        }
        assert _verdict(tmp_path, rows, "gradient, float32", static=static).verdict == expected
    for error, expected in ((1e-9, "reproduced"), (1e-3, "not reproduced")):
        static = {"toy_differences": pd.DataFrame({"implementation": ["torch"], "difference": error, "size": 1.0})}
        assert _verdict(tmp_path, rows, "gradient, continuous time", static=static).verdict == expected


def test_what_a_table_would_cost_is_computed_from_measured_steps(tmp_path):
    rows = factory.counts("BasicMotions", "linear", "rhel", [12], 12)
    empty = {"paper": against_paper.compare(collected.read(factory.write(tmp_path, rows)), reported.read())}
    assert "not measured" in _verdict(tmp_path, rows, "Table 2", tables=empty).why
    step = pd.DataFrame({"length": [49_920], "step_ms": [1800.0]})
    assert "up to 1,000 hours" in _verdict(tmp_path, rows, "Table 2", tables=empty, benchmarks=step).why


def test_a_verdict_that_is_not_reproduced_says_why(small):
    table = ledger(_evidence(small))
    assert len(table) == len(CLAIMS)
    assert (table.why[table.verdict != "reproduced"] != "").all()
