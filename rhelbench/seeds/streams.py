"""Named random streams, shared by all frameworks and algorithms, so that comparisons are paired."""

import hashlib

import numpy as np


def seed(stream: str, task: str, split: int, repetition: int) -> int:
    """Return an integer seed computed from names.

    seed = first eight bytes, big-endian, of SHA-256("stream|task|split|repetition"), shifted right by one bit.

    Args:
        stream: purpose of the numbers: ``"parameters/<path>"``, ``"batches/<epoch>"``, ``"dropout/<stream>"``.
        task: the task's name.
        split: the configured seed, as the number of the split.
        repetition: the configured seed, as the number of the repetition.

    Returns:
        A seed in [0, 2**63), valid in every framework.

    Example:
        >>> seed("batches/0", "Heartbeat", 2345, 2345) == seed("batches/0", "Heartbeat", 2345, 2345)
        True
    """
    digest = hashlib.sha256(f"{stream}|{task}|{split}|{repetition}".encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1


def generator(stream: str, task: str, split: int, repetition: int) -> np.random.Generator:
    """Return NumPy's PCG64 generator seeded by name (see ``seed``)."""
    return np.random.Generator(np.random.PCG64(seed(stream, task, split, repetition)))
