"""Backward passes that are numbers, not a graph: a second derivative is refused."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

import torch

_Given = ParamSpec("_Given")
_Grads = TypeVar("_Grads")


def once_differentiable(backward: Callable[_Given, _Grads]) -> Callable[_Given, _Grads]:
    """Let a Function's backward pass refuse to be differentiated, instead of giving wrong numbers.

    PyTorch's decorator of this name gives an error node that ``torch.autograd.grad`` steps over where the input has another
    route, and nothing where the loss is linear. Autograd enables gradients here where it was asked for a graph, and only then.

    Args:
        backward: without a graph of its own.

    Returns:
        The same, but for a RuntimeError under ``create_graph=True``.
    """

    @wraps(backward)
    def once(*args: _Given.args, **kwargs: _Given.kwargs) -> _Grads:
        if torch.is_grad_enabled():
            raise RuntimeError(f"{backward.__qualname__} has no derivative: ask for first derivatives, without create_graph.")
        return backward(*args, **kwargs)

    return once
