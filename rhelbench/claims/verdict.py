"""Type of a verdict."""

from dataclasses import dataclass
from typing import Literal

Verdict = Literal["reproduced", "not reproduced", "inconclusive", "not testable here", "not measured"]


@dataclass(frozen=True)
class Judgement:
    """A verdict with its number and, unless reproduced, the reason; for ``inconclusive`` the power.

    ``not measured``: the evidence is feasible on a host like this one, but absent. ``not testable here``: it is not
    feasible.
    """

    verdict: Verdict
    number: str
    evidence: str
    why: str = ""
