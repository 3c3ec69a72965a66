"""Each statistic against brute force, a library, or what the paper's numbers are known to say."""

from dataclasses import replace
from itertools import product
from typing import get_args

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from rhelbench.claims.evidence import Evidence, statistics
from rhelbench.claims.ledger import CLAIMS, ledger
from rhelbench.claims.method import SINGLE
from rhelbench.claims.verdict import Judgement, Verdict
from rhelbench.records import collected, reported
from rhelbench.stats import against_paper, aggregate, consistency, equivalence, pairs, power, skill
from rhelbench.studies import single_unit
from rhelbench.tasks import card, splits
from tests.stats import factory


def test_sign_flips_are_exact():
    rng = np.random.default_rng(0)
    for n in (1, 3, 7):
        d = rng.normal(0.3, 1, n)
        sums = [np.dot(signs, d) for signs in product((1, -1), repeat=n)]
        assert equivalence.flip(d) == np.mean(np.array(sums) >= d.sum() - 1e-12)
    assert equivalence.flip(np.ones(5)) == 1 / 32
    assert np.isnan(equivalence.flip(np.ones(30)))


def test_power_of_equivalence_against_simulation():
    rng = np.random.default_rng(1)
    for n, sd in ((5, 0.01), (10, 0.02), (5, 0.03)):
        p = equivalence.t_statistics(rng.normal(0, sd, (20_000, n)), np.asarray(0.02))[:, 3]
        assert power.equivalence_power(sd, n, 0.02) == pytest.approx(np.mean(p <= 0.05), abs=0.012)


def test_seeds_needed_is_the_least_number_that_suffices():
    n = power.seeds_needed(0.03, 0.02)
    assert n is not None
    assert power.equivalence_power(0.03, n, 0.02) >= power.POWER > power.equivalence_power(0.03, n - 1, 0.02)
    assert power.seeds_needed(5.0, 0.02) is None


def test_smallest_detectable_difference_has_the_stated_power():
    n, sd = 5, 0.04
    shift = power.detectable(sd, n) / (sd / np.sqrt(n))
    edge = stats.t.ppf(0.975, n - 1)
    assert stats.nct.sf(edge, n - 1, shift) + stats.nct.cdf(-edge, n - 1, shift) == pytest.approx(0.8, abs=1e-6)


def test_interquartile_mean_and_profile():
    assert aggregate.iqm(np.array([0.0, 1.0, 2.0, 100.0])) == 1.5
    assert aggregate.profile(np.array([0.2, 0.8]))[[0, 50, 90]].tolist() == [1.0, 0.5, 0.0]


def test_the_bootstrap_is_stratified_and_reproducible():
    tasks = [np.zeros(5), np.ones(3)]
    one, two = (aggregate.bootstrap(tasks, lambda runs: runs.mean(-1), np.random.default_rng(3), 50) for _ in range(2))
    assert np.array_equal(one, two)
    assert np.allclose(one, 3 / 8)  # each resample keeps five runs of the first task and three of the second
    spread = aggregate.bootstrap([np.arange(10.0)], lambda runs: runs.mean(-1), np.random.default_rng(3), 4000).std()
    assert spread == pytest.approx(np.arange(10.0).std() / np.sqrt(10), rel=0.05)


def test_the_papers_counts():
    sizes = {task: splits.held_out(card.load(task)) for task in reported.order("accuracy")}
    assert sorted(sizes.values()) == [36, 57, 57, 62, 79, 85]
    assert (sizes["EigenWorms"], sizes["Heartbeat"]) == (36, 62)
    assert consistency.counts(0.739, 0.006, 62) == [(45, 46, 46, 46, 46)]
    assert consistency.counts(0.299, 0.006, 79) == [(23, 23, 24, 24, 24)]
    assert consistency.totals(0.7385, 62, 5) == [229]  # 73.87 %: the only multiple of 1/310 that is printed as 73.8 or 73.9
    table = consistency.table(reported.read(), sizes)
    assert table.possible.all()
    assert (table.solutions > 0).all()


def test_counts_against_enumeration():
    found = set(consistency.counts(0.6, 0.1, 10, seeds=3, most=1000))
    brute = set()
    for values in product(range(11), repeat=3):
        accuracies = np.array(values) / 10
        if abs(accuracies.mean() - 0.6) <= 0.0005 + 1e-9 and abs(accuracies.std() - 0.1) <= 0.0005:
            brute.add(tuple(sorted(values)))
    assert found == brute


def test_the_method_measured_by_the_oracle():
    found = single_unit.measure_all(K=300)
    assert set(found["passes"].values()) == {3.0}
    assert found["second_derivatives"]["rhel_separate"] == 0 < found["second_derivatives"]["bptt"]
    assert found["spread"] == 0
    assert max(found["continuous"].values()) < 1e-8
    assert found["discrete"]["linear"]["pair"] < 1e-12


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
    heart = both("Heartbeat", "linear-complex", [45, 46, 46, 45, 46], [45, 46, 46, 45, 46], 62)
    heart += factory.counts("Heartbeat", "majority", "bptt", [40, 40, 41, 40, 40], 62, framework="numpy")
    one = _verdict(tmp_path, heart, "on par, exact")
    assert one.verdict == "inconclusive"
    assert "13 tasks and models not run" in one.why
    apart = both("Heartbeat", "linear-complex", [45, 46, 46, 45, 46], [35, 36, 35, 35, 36], 62)
    assert _verdict(tmp_path, apart, "on par, exact").verdict == "not reproduced"
    noisy = both("Heartbeat", "linear-complex", [45, 40, 50, 45, 46], [50, 38, 46, 49, 41], 62)
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
