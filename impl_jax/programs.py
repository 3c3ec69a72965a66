"""Compiled programs with counts and times: exactly one compilation per function and shapes."""

import time
from collections.abc import Callable
from typing import Any

import jax


class Programs:
    """Compile each function once per shapes of its arguments; count compilations and time."""

    def __init__(self) -> None:
        self.compile_s = 0.0
        self._compiled: dict[tuple[Any, ...], jax.stages.Compiled] = {}

    @property
    def compilations(self) -> int:
        """Number of programs compiled so far."""
        return len(self._compiled)

    def __call__(self, function: Callable[..., Any], *arguments: Any, donate: tuple[int, ...] = ()) -> Any:
        """Run ``function`` on array arguments; new shapes are compiled first.

        Args:
            function: a pure function of arrays; the same object at every call.
            arguments: pytrees of arrays.
            donate: positions of arguments whose buffers the program may reuse.
        """
        leaves, structure = jax.tree.flatten(arguments)
        key = (function, structure, tuple((leaf.shape, leaf.dtype) for leaf in leaves))
        if key not in self._compiled:
            start = time.perf_counter()
            self._compiled[key] = jax.jit(function, donate_argnums=donate).lower(*arguments).compile()
            self.compile_s += time.perf_counter() - start
        return self._compiled[key](*arguments)
