"""The claims ledger: each claim of the paper with evidence, number and computed verdict."""

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from rhelbench.claims import estimators, method, paper_tables, results
from rhelbench.claims.evidence import Evidence
from rhelbench.claims.verdict import Judgement


@dataclass(frozen=True)
class Claim:
    """One claim: short name, statement, source, and the function of its verdict."""

    name: str
    text: str
    source: str
    judge: Callable[[Evidence], Judgement]


CLAIMS: tuple[Claim, ...] = (
    Claim(
        "gradient, discrete time",
        "RHEL's three passes give BPTT's gradient of every parameter",
        "Theorems 3.2, 3.3",
        method.discrete,
    ),
    Claim(
        "gradient, continuous time",
        "Δθ(t) and ΔΦ(t) equal the adjoint state method at every t",
        "Theorem 3.1",
        method.in_continuous_time,
    ),
    Claim(
        "gradient, real sample",
        "RHEL's gradient has BPTT's direction and size in every parameter of six blocks",
        "Figure 4",
        method.on_a_real_sample,
    ),
    Claim(
        "gradient, float32",
        "In single precision RHEL's gradient is as good as BPTT's",
        "appendix; our test",
        method.in_single_precision,
    ),
    Claim(
        "three passes",
        "Three forward passes of the dynamics, whatever the model's size",
        "abstract, section 3",
        method.three_passes,
    ),
    Claim("no Jacobian", "No Jacobian of the dynamics is formed", "abstract, section 3", method.no_jacobian),
    Claim("no variance", "The estimate has no variance", "abstract, section 3", method.no_variance),
    Claim(
        "alone without Jacobian",
        "Of the estimators that need no Jacobian RHEL alone has the gradient, in three passes",
        "abstract; our test",
        estimators.alone,
    ),
    Claim(
        "echo at any length",
        "In single precision the echo returns, and RHEL has BPTT's gradient, at every length and step",
        "our test",
        estimators.returns,
    ),
    Claim(
        "gradient along training",
        "In single precision RHEL has BPTT's gradient all along training over 10,000 steps",
        "our test",
        estimators.along,
    ),
    Claim("constant memory", "State memory does not grow with the length of the sequence", "section 3", method.flat_memory),
    Claim("Table 1", "Test accuracies of Table 1", "Table 1", paper_tables.judge_table("accuracy")),
    Claim("Table 2", "Test errors of Table 2", "Table 2", paper_tables.judge_table("mse")),
    Claim(
        "on par, released",
        "RHEL trains to BPTT's test metrics (released protocol)",
        "section 4",
        results.on_par("released"),
    ),
    Claim("on par, exact", "RHEL trains to BPTT's test metrics (exact protocol)", "section 4", results.on_par("exact")),
    Claim("on par, elsewhere", "RHEL trains to BPTT's test metrics on other tasks", "our test", results.on_par(None)),
    Claim("length 50k", "RHEL works on sequences of 49,920 steps", "abstract, Table 2", method.longest),
    Claim(
        "long range",
        "What is learned on the paper's tasks depends on memory: better than the same model without it",
        "title; our test",
        results.memory_needed(of_paper=True),
    ),
    Claim(
        "long range, elsewhere",
        "Other tasks are learned that the same model without memory does not learn as well",
        "our test",
        results.memory_needed(of_paper=False),
    ),
    Claim("two frameworks", "JAX and PyTorch runs agree within the noise floor", "our test", results.frameworks_agree),
    Claim(
        "printed numbers",
        "The printed accuracies are consistent with their test sizes",
        "our test of Table 1",
        results.possible_counts,
    ),
)


def ledger(e: Evidence) -> pd.DataFrame:
    """Compute all verdicts: one row per claim with name, claim, source, verdict, number, evidence, why."""
    rows = []
    for claim in CLAIMS:
        judged = claim.judge(e)
        rows.append({"name": claim.name, "claim": claim.text, "source": claim.source, **vars(judged)})
    return pd.DataFrame(rows)
