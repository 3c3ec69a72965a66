"""Seeds of one configuration as one vectorised program: the last member to reach a chunk runs it for all."""

import threading
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, UInt32
from numpy.typing import NDArray

from impl_jax.learner import Inputs, JaxLearner, Labels
from impl_jax.programs import Programs
from impl_jax.state import State, key_data
from rhelbench.contract import TaskShape
from rhelbench.errors import UserError
from rhelbench.spec import RunSpec


class Call(NamedTuple):
    """One member's arguments of ``JaxLearner._chunk``."""

    state: State
    key: UInt32[Array, "2"]
    x: Inputs
    y: Labels
    plan: Int[Array, "steps batch"]


#: ``JaxLearner._chunk``: the new state and the losses.
Chunk = Callable[..., tuple[State, Float[Array, " steps"]]]


class VmappedSeeds:
    """Barrier of the members of a group before every chunk.

    A member has an index 0..size−1 and its own thread, in which it trains as if alone. Finished seeds stay in
    the batch with another member's arrays, and their result is ignored, which avoids recompilation.

    Args:
        size: number of members.
    """

    def __init__(self, size: int) -> None:
        self.size, self._programs = size, Programs()
        self._present, self._calls = set(range(size)), dict[int, Call]()
        self._found: dict[int, tuple[State, Float[Array, " steps"]] | BaseException] = {}
        self._met = threading.Condition()
        self._lead: Chunk | None = None

    def maker(self, place: int) -> Callable[[RunSpec, TaskShape], "PackedLearner"]:
        """Return the learner factory of one member, to be used in its thread only."""
        return partial(PackedLearner, self, place)

    def leave(self, place: int) -> None:
        """Remove a member, finished or failed; the others no longer wait for it."""
        with self._met:
            self._present.discard(place)
            self._run_if_all_are_here()

    def chunk(self, place: int, chunk: Chunk, call: Call) -> tuple[State, Float[Array, " steps"]]:
        """Wait for the others; return this member's result of the common chunk.

        Raises:
            Exception: the error of the common program, in every member.
        """
        with self._met:
            self._lead = self._lead or chunk  # any member's; they differ in their arguments only
            self._calls[place] = call
            self._run_if_all_are_here()
            self._met.wait_for(lambda: place in self._found)
            found = self._found.pop(place)
        if isinstance(found, BaseException):
            raise found
        return found

    def _run_if_all_are_here(self) -> None:
        if not self._calls or set(self._calls) != self._present:
            return
        groups: dict[tuple[int, ...], list[int]] = {}  # a resumed member may have fewer optimiser steps to its next evaluation
        for place, call in self._calls.items():
            groups.setdefault(call.plan.shape, []).append(place)
        for places in groups.values():
            calls = [self._calls[place] for place in places]
            filled = calls + calls[:1] * (self.size - len(calls))
            try:
                self._found |= dict(zip(places, self._programs(self._together, filled)[: len(places)], strict=True))
            except Exception as error:
                self._found |= dict.fromkeys(places, error)
        self._calls = {}
        self._met.notify_all()

    def _together(self, calls: list[Call]) -> list[tuple[State, Float[Array, " steps"]]]:
        assert self._lead is not None
        found = jax.vmap(self._lead)(*jax.tree.map(lambda *each: jnp.stack(each), *calls))
        return [jax.tree.map(lambda value, place=place: value[place], found) for place in range(self.size)]

    @property
    def compile_s(self) -> float:
        """Seconds of compilation of the common program."""
        return self._programs.compile_s

    @property
    def compilations(self) -> int:
        """Number of common programs compiled so far."""
        return self._programs.compilations


class PackedLearner(JaxLearner):
    """A learner whose chunks run with those of its group; it evaluates separately.

    Its results equal those of ``JaxLearner`` to rounding, since a product over several seeds sums in another order.
    """

    def __init__(self, group: VmappedSeeds, place: int, spec: RunSpec, shape: TaskShape) -> None:
        if spec.kernel == "fused":
            raise UserError("One program over several seeds has no fused kernel: set kernel: auto, or packing: processes.")
        super().__init__(spec.model_copy(update={"kernel": "portable"}), shape)
        self._group, self._place = group, place

    def train_chunk(self, x: Inputs, y: Labels, plan: NDArray[np.int32]) -> NDArray[np.floating]:
        """Take one optimiser step per row of ``plan``, with the other members; return the losses."""
        with self.precision():
            rows = jax.device_put(np.ascontiguousarray(plan, np.int32))
            call = Call(self._current(), key_data(self._seed), x, y, rows)
            self._state, losses = self._group.chunk(self._place, self._chunk, call)
            return np.array(losses)

    def facts(self) -> dict[str, Any]:
        """Return the facts of a learner, with the common program's compilation."""
        facts = super().facts()
        facts["compile_s"] += self._group.compile_s
        facts["compilations"] += self._group.compilations
        return facts
