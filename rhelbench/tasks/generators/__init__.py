"""Tasks drawn from named seeds instead of read from files: name to ``generate(card)``, which returns the samples."""

from collections.abc import Callable

from rhelbench.tasks.card import Card
from rhelbench.tasks.generators import delay, order
from rhelbench.tasks.readers.uea import Samples

GENERATORS: dict[str, Callable[[Card], Samples]] = {"delay": delay.generate, "order": order.generate}
