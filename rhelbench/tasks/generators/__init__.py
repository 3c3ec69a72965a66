"""Tasks generated from named seeds: ``generate(card)`` by name returns the samples."""

from collections.abc import Callable

from rhelbench.tasks.card import Card
from rhelbench.tasks.generators import delay, order
from rhelbench.tasks.readers.uea import Samples

GENERATORS: dict[str, Callable[[Card], Samples]] = {"delay": delay.generate, "order": order.generate}
