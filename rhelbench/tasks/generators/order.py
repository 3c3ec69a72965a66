"""Which of two pulses comes first; a model without memory can only guess."""

import numpy as np

from rhelbench.seeds import generator
from rhelbench.tasks.card import Card
from rhelbench.tasks.readers.uea import Samples

#: The pulse on channel 0 comes first, or that on channel 1.
CLASSES = ("a-first", "b-first")


def generate(card: Card) -> Samples:
    """Generate the samples of a dataset card: noise on two channels, one pulse on each, ``distance`` apart.

    u_t = σ n_t + e_{c} [t₁ ≤ t < t₁ + W] + e_{1−c} [t₁ + D ≤ t < t₁ + D + W], n ~ N(0, I), t₁ uniform on
    {0, …, L − D − W}. The label is c; both labels are equally frequent.

    Args:
        card: with ``source.parameters`` distance (D, time steps), width (W ≤ D, time steps) and noise (σ, in units of
            a pulse's height).

    Returns:
        x (n, L, 2) float32. Sample i depends on the dataset card's name, D, W, σ, L and i only.

    Source:
        docs/memory-tasks.md; after the temporal order problem of Hochreiter & Schmidhuber, Long short-term memory, 1997.
    """
    distance, width, noise = int(card.parameters["distance"]), int(card.parameters["width"]), card.parameters["noise"]
    if width > distance:
        raise ValueError("the pulses overlap")
    x = np.empty((card.samples, card.length, 2), np.float32)
    labels = np.arange(card.samples) % 2
    for i, first in enumerate(labels):
        rng = generator(f"sample/{i}", card.name, 0, 0)
        x[i] = noise * rng.standard_normal((card.length, 2))
        start = rng.integers(card.length - distance - width + 1)
        x[i, start : start + width, first] += 1
        x[i, start + distance : start + distance + width, 1 - first] += 1
    return Samples(x, np.array(CLASSES)[labels], np.zeros(card.samples, bool))
