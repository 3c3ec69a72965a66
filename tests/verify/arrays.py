"""The numbers of an integrator's step, one after another, whatever holds them."""

from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np


def flat(value: Any) -> list[Any]:
    """Return every array and number within tuples and kicks."""
    if is_dataclass(value):
        return [part for field in fields(value) for part in flat(getattr(value, field.name))]
    if isinstance(value, tuple):
        return [part for one in value for part in flat(one)]
    return [np.asarray(value)]
