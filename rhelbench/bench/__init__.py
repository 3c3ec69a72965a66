"""Time and memory of a training step and of one unit, each cell in a fresh process, with yardsticks of the machine."""
