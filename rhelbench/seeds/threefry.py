"""JAX's threefry generator in NumPy, so that preparation needs no framework."""

import math

import numpy as np
from numpy.typing import NDArray

Words = NDArray[np.uint32]
_ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))


def key(seed: int) -> Words:
    """Return the key of a seed as ``jax.random.PRNGKey`` does: its high and low 32 bits (2,)."""
    return np.array([seed >> 32 & 0xFFFFFFFF, seed & 0xFFFFFFFF], np.uint32)


def threefry2x32(k: Words, x0: Words, x1: Words) -> tuple[Words, Words]:
    """Encrypt pairs of counters: 20 rounds of add, rotate, xor; the key is injected after every fourth.

    Args:
        k: key (2,).
        x0: first counter words (n,).
        x1: second counter words (n,).

    Returns:
        Two arrays of random words (n,).

    Source:
        Salmon et al., Parallel random numbers: as easy as 1, 2, 3, SC 2011, Threefry-2x32-20.
    """
    injected = (k[0], k[1], k[0] ^ k[1] ^ np.uint32(0x1BD11BDA))
    x0, x1 = x0 + injected[0], x1 + injected[1]
    for group in range(5):
        for rotation in _ROTATIONS[group % 2]:
            x0 = x0 + x1
            x1 = (x1 << np.uint32(rotation)) | (x1 >> np.uint32(32 - rotation))
            x1 = x1 ^ x0
        x0 = x0 + injected[(group + 1) % 3]
        x1 = x1 + injected[(group + 2) % 3] + np.uint32(group + 1)
    return x0, x1


def _halves(k: Words, count: int) -> Words:
    """Encrypt the counters 0..count-1, first half paired with second half (jax before ``jax_threefry_partitionable``)."""
    counters = np.zeros(count + count % 2, np.uint32)
    counters[:count] = np.arange(count, dtype=np.uint32)
    return np.concatenate(threefry2x32(k, *np.split(counters, 2)))[:count]


def _pairs(k: Words, count: int) -> tuple[Words, Words]:
    """Encrypt the 64-bit counters 0..count-1, each as its high and low word."""
    return threefry2x32(k, np.zeros(count, np.uint32), np.arange(count, dtype=np.uint32))


def split(k: Words, count: int = 2, partitionable: bool = True) -> Words:
    """Return ``count`` keys (count, 2) derived from one, as ``jax.random.split`` does.

    ``partitionable`` is JAX's setting ``jax_threefry_partitionable`` (True by default since JAX 0.5).
    """
    return np.stack(_pairs(k, count), axis=1) if partitionable else _halves(k, 2 * count).reshape(count, 2)


def bits(k: Words, count: int, partitionable: bool = True) -> Words:
    """Return ``count`` random words as ``jax.random.bits(key, (count,))`` does."""
    if not partitionable:
        return _halves(k, count)
    high, low = _pairs(k, count)
    return high ^ low


def permutation(k: Words, n: int, partitionable: bool = True) -> NDArray[np.int64]:
    """Return a permutation of 0..n-1 as ``jax.random.permutation(key, n)`` does: sort by random words, in rounds.

    Example:
        >>> permutation(key(0), 5).tolist()  # doctest: +SKIP
        [1, 0, 3, 4, 2]
    """
    order = np.arange(n)
    for _ in range(math.ceil(3 * math.log(max(1, n)) / math.log(2**32 - 1))):
        k, subkey = split(k, 2, partitionable)
        order = order[np.argsort(bits(subkey, n, partitionable), kind="stable")]
    return order
