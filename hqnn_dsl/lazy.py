"""Frozen dataclasses that are put together when the first instance is made.

`dataclass` writes and compiles several methods a class, about half a millisecond each time Python starts, and a run
makes instances of few of the hundred kinds of diagnostics and nodes. Type checkers see the plain `dataclass`.
"""

from __future__ import annotations

from threading import RLock
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from dataclasses import dataclass as lazy_dataclass
else:
    from dataclasses import dataclass

    _lock = RLock()

    def lazy_dataclass(**options: Any) -> Callable[[type], type]:
        """`dataclass(**options)`, carried out when the class is first called."""

        def postpone(cls: type) -> type:
            def __init__(self: Any, *args: Any, **kwargs: Any) -> None:  # noqa: N807 - it stands in for that method
                with _lock:
                    if cls.__init__ is __init__:
                        del cls.__init__
                        dataclass(**options)(cls)
                self.__init__(*args, **kwargs)

            cls.__init__ = __init__
            return cls

        return postpone


__all__ = ["lazy_dataclass"]
