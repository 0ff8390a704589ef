"""One kind of file that a circuit is written in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from hqnn_dsl.export.exported import Export

MAX_DRAWN_OPERATIONS = 2_000
"""A larger circuit is not drawn: the picture could not be read, and drawing it takes minutes."""


@dataclass(frozen=True, kw_only=True)
class Emitter:
    """A kind of file, by its name for `--emit`.

    `write(export)` returns the bytes of `<name><suffix>` for one circuit, or None if the circuit has no such file.
    `is_drawing` says that large circuits have none. `of_network` says that there is such a picture of the whole network
    too.
    """

    kind: str
    suffix: str
    doc: str
    write: Callable[[Export], bytes | None]
    is_drawing: bool = False
    of_network: bool = False
