"""One style for every figure, and one way to save it."""

from rhelbench.plotting.save import save
from rhelbench.plotting.style import COLOURS, LABELS, MARKERS, canvas, legend, message

__all__ = ["COLOURS", "LABELS", "MARKERS", "canvas", "legend", "message", "save"]
