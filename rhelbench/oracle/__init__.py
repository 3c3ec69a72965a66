"""The reference: every equation in plain NumPy float64 loops with hand-derived gradients.

Speed does not matter here; each line reads like its equation.
"""
