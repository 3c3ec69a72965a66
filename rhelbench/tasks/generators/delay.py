"""White noise; the target at every time step is the input ``distance`` time steps earlier."""

import numpy as np

from rhelbench.seeds import generator
from rhelbench.tasks.card import Card
from rhelbench.tasks.readers.uea import Samples


def generate(card: Card) -> Samples:
    """Generate the samples of a dataset card.

    u_t ~ U(−1, 1) independently; y_t = Π_{j=1..m} u_{t−jD}, and 0 for t ≤ mD, as of a delay line that starts at rest.
    m = 1 is the delay itself, m = 2 the product of two past values.

    Args:
        card: with ``source.parameters`` distance (D, time steps; mD below L) and factors (m).

    Returns:
        x (n, L, 1) and targets (n, L / output_step, 1), float32: y at time steps output_step, 2·output_step, …
        Sample i depends on the dataset card's name, D, m, L and i only.

    Source:
        docs/memory-tasks.md; Jaeger, Short term memory in echo state networks, GMD report 152, 2002.
    """
    distance, factors = int(card.parameters["distance"]), int(card.parameters["factors"])
    u = np.empty((card.samples, card.length, 1), np.float32)
    for i in range(card.samples):
        u[i] = generator(f"sample/{i}", card.name, 0, 0).uniform(-1, 1, (card.length, 1))
    y = np.zeros_like(u)
    past = factors * distance
    y[:, past:] = np.prod([u[:, past - j * distance : card.length - j * distance] for j in range(1, factors + 1)], axis=0)
    step = card.shape(time_channel=False).output_step
    return Samples(u, np.full(card.samples, "all"), np.zeros(card.samples, bool), y[:, step - 1 :: step])
