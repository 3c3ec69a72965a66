"""Time and memory of an optimiser step and of one unit, in new processes, with reference timings of the host."""
