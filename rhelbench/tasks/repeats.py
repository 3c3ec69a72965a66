"""Repeated samples: their order in numpy.unique, their first copies, and content hashes."""

import hashlib

import numpy as np
from numpy.typing import NDArray


def content_hash(sample: NDArray[np.float32], prefix: str = "") -> str:
    """Return the hexadecimal SHA-256 of ``prefix`` (ASCII) and the sample's float32 bytes.

    The bytes are little-endian and time-major.
    """
    digest = hashlib.sha256(prefix.encode("ascii"))
    digest.update(np.ascontiguousarray(sample, "<f4").data)
    return digest.hexdigest()


def sorted_distinct(x: NDArray[np.float32]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Sort the distinct samples as ``numpy.unique(x.reshape(n, -1), axis=0)`` does.

    numpy.unique compares rows by a structured type with one field per value, which takes minutes for 100,000
    values. The bits of a float32, with the sign handled, compare like the number. Rows therefore become byte
    strings with the same order.

    Args:
        x: samples (n, L, d), float32, without NaN.

    Returns:
        Rows of the first copies in sorted order (m,), and for every sample the row of its first copy (n,).
    """
    words = (np.ascontiguousarray(x).reshape(len(x), -1) + np.float32(0)).view(np.uint32)  # + 0 converts -0 to 0
    words = np.where(words >> 31, ~words, words | np.uint32(1 << 31)).astype(">u4")
    rows: dict[bytes, int] = {}
    first = np.array([rows.setdefault(word.tobytes(), row) for row, word in enumerate(words)], np.int64)
    return np.array([rows[row] for row in sorted(rows)], np.int64), first
