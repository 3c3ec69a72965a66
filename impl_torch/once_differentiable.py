"""Backward passes without a graph; a second derivative is an error."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

import torch

_Given = ParamSpec("_Given")
_Grads = TypeVar("_Grads")


def once_differentiable(backward: Callable[_Given, _Grads]) -> Callable[_Given, _Grads]:
    """Return a Function's backward pass that raises if it is differentiated, instead of wrong values.

    PyTorch's decorator of this name returns an error node. ``torch.autograd.grad`` skips it if the input has
    another connection, and if the loss is linear there is none. Autograd enables gradients here only under
    ``create_graph=True``.

    Args:
        backward: a backward pass without a graph.

    Returns:
        The same function, with a RuntimeError under ``create_graph=True``.
    """

    @wraps(backward)
    def once(*args: _Given.args, **kwargs: _Given.kwargs) -> _Grads:
        if torch.is_grad_enabled():
            raise RuntimeError(f"{backward.__qualname__} has no derivative: ask for first derivatives, without create_graph.")
        return backward(*args, **kwargs)

    return once
