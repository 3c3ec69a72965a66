"""One style for all figures, and one function to save them."""

from rhelbench.plotting.save import save
from rhelbench.plotting.style import COLOURS, LABELS, MARKERS, canvas, legend, message

__all__ = ["COLOURS", "LABELS", "MARKERS", "canvas", "legend", "message", "save"]
