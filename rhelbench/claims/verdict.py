"""What a verdict is."""

from dataclasses import dataclass
from typing import Literal

Verdict = Literal["reproduced", "not reproduced", "inconclusive", "not testable here", "not measured"]


@dataclass(frozen=True)
class Judgement:
    """A verdict with the number it rests on and, unless reproduced, why; for ``inconclusive`` the power.

    ``not measured``: the evidence could be had on a machine like this one and is not there yet; ``not testable here``: it could
    not.
    """

    verdict: Verdict
    number: str
    evidence: str
    why: str = ""
