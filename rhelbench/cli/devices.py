"""The option ``--device``, shared by the commands that compute."""

import argparse
import os


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the option."""
    parser.add_argument("--device", choices=("cpu", "cuda"), help="what must be computed on; default: a GPU where there is one")


def apply(device: str | None) -> None:
    """Set the environment that frameworks read at import.

    Args:
        device: ``cpu``, ``cuda`` or None for the framework's own choice.
    """
    if device == "cpu":
        os.environ |= {"JAX_PLATFORMS": "cpu", "CUDA_VISIBLE_DEVICES": ""}
