"""What a verdict is."""

from dataclasses import dataclass
from typing import Literal

Verdict = Literal["reproduced", "not reproduced", "inconclusive", "not testable here"]


@dataclass(frozen=True)
class Judged:
    """A verdict with the number it rests on and, unless reproduced, why; for ``inconclusive`` the power."""

    verdict: Verdict
    number: str
    evidence: str
    why: str = ""
