"""A pickle reader restricted to NumPy arrays and built-in containers."""

import pickle
from collections.abc import Callable
from typing import IO, Any, cast

import numpy as np
from numpy._core import multiarray, numeric

from rhelbench.errors import UserError


def _latin1(text: str, encoding: str) -> bytes:
    """Replace ``_codecs.encode``, which Python 2 and protocol 2 use for bytes; other codecs could run code."""
    if encoding != "latin1":
        raise pickle.UnpicklingError(f"codec {encoding}")
    return text.encode("latin1")


_ARRAYS: dict[str, Any] = {"_reconstruct": multiarray._reconstruct, "scalar": multiarray.scalar}
_ADMITTED: dict[tuple[str, str], Callable[..., Any]] = {
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
    ("_codecs", "encode"): _latin1,
    **{(f"numpy.{core}.multiarray", name): function for core in ("core", "_core") for name, function in _ARRAYS.items()},
    **{(f"numpy.{core}.numeric", "_frombuffer"): cast(Any, numeric)._frombuffer for core in ("core", "_core")},
    **{(module, kind.__name__): kind for module in ("builtins", "__builtin__") for kind in (set, frozenset, bytearray, complex)},
}


class _Restricted(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _ADMITTED:
            raise pickle.UnpicklingError(f"it names {module}.{name}")
        return _ADMITTED[module, name]


def load(file: IO[bytes], where: str) -> Any:
    """Read one object from a pickle file, also of Python 2 (whose strings are read as Latin-1).

    Args:
        file: opened for reading bytes.
        where: source, for the error message.

    Raises:
        UserError: the pickle is damaged, or names anything but NumPy arrays and built-in containers. No named code
            is run.
    """
    try:
        return _Restricted(file, fix_imports=False, encoding="latin1").load()
    except (
        pickle.UnpicklingError,
        EOFError,
        ValueError,
        TypeError,
        AttributeError,
        IndexError,
        KeyError,
        OverflowError,
        MemoryError,  # a damaged length
        RuntimeError,
        SystemError,  # a damaged dtype
    ) as error:
        raise UserError(
            f"{where} is not a pickle of plain arrays ({error}): it is refused; get the data from their source."
        ) from error
