"""Arguments from Python that are checked before anything is done: functions, streams and paths."""

from __future__ import annotations

import inspect
import os
from pathlib import Path
from typing import TYPE_CHECKING

from hqnn_dsl.diagnostics.codes.command import BadOption
from hqnn_dsl.diagnostics.diagnostic import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable


def check_progress(progress: object) -> None:
    """Refuse (E0605) a `progress` that is neither a truth value nor a stream."""
    if not (isinstance(progress, bool) or callable(getattr(progress, "write", None))):
        raise Refusal(BadOption(option="progress", expected="True, False or a stream", value=repr(progress)))


def check_called(**options: tuple[object, str, int]) -> None:
    """Refuse (E0605) options that are no functions of so many arguments."""
    for name, (given, expected, count) in options.items():
        if given is None:
            continue
        if isinstance(given, type):
            raise Refusal(BadOption(option=name, expected=f"{expected}, as `{given.__name__}()` is", value=repr(given)))
        if not callable(given) or not _takes(given, count):
            raise Refusal(BadOption(option=name, expected=expected, value=repr(given)))


def _takes(function: Callable[..., object], count: int) -> bool:
    """Whether a function can be called with so many arguments, as far as Python knows its signature."""
    try:
        inspect.signature(function).bind(*[None] * count)
    except TypeError:
        return False
    except ValueError:  # one written in C
        return True
    return True


def path_of(given: object, option: str) -> Path:
    """A path from the outside. Raises `Refusal` E0605 for what is none."""
    if not isinstance(given, str | os.PathLike) or not isinstance(os.fspath(given), str) or not os.fspath(given):
        shown = repr(given) if not isinstance(given, str) else "an empty text"
        raise Refusal(BadOption(option=option, expected="the path of a folder", value=shown[:80]))
    return Path(given)
