"""Functions that a Python user calls: a refusal leaves them with a traceback that ends at the caller's own line.

A refusal is the user's to correct, and the frames of this package say nothing about it. Any other exception is a bug of
ours and keeps its whole traceback.
"""

from __future__ import annotations

from functools import cached_property, wraps
from types import FunctionType
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from hqnn_dsl.diagnostics.diagnostic import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    P = ParamSpec("P")
    R = TypeVar("R")
    C = TypeVar("C", bound=type)


def public(function: Callable[P, R]) -> Callable[P, R]:
    """The same function; a `Refusal` that leaves it shows nothing of this package."""

    @wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except Refusal as refusal:
            refusal.__traceback__ = refusal.__cause__ = None
            refusal.__suppress_context__ = True
            raise  # a bare one adds no line of this frame to the traceback

    return call


class _PublicValue(cached_property[Any]):
    """A `cached_property` whose refusals show nothing of this package, nor of `functools`."""

    __get__ = public(cached_property.__get__)


def public_class(cls: C) -> C:
    """The same class, whose public methods and properties are `public`."""
    for name, value in list(vars(cls).items()):
        if name.startswith("_"):
            continue
        match value:
            case FunctionType():
                setattr(cls, name, public(value))
            case staticmethod() | classmethod():
                setattr(cls, name, type(value)(public(value.__func__)))
            case property():
                setattr(cls, name, property(value.fget and public(value.fget), doc=value.__doc__))
            case cached_property():
                lazy = _PublicValue(value.func)
                lazy.__set_name__(cls, name)
                setattr(cls, name, lazy)
    return cls


__all__ = ["public", "public_class"]
