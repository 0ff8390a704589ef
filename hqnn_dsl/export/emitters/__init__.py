"""The files that `hqnn compile` writes of each circuit: a module of this folder has the rows `EMITTERS` of its kinds.

Every emitter gets the circuits that were checked against each other before they come here. Modules import heavy
packages inside functions: all of them are read to say which kinds there are.
"""

from __future__ import annotations

import importlib
import pkgutil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hqnn_dsl.export.emitter import Emitter
    from hqnn_dsl.export.exported import Export


def _found() -> dict[str, Emitter]:
    """Returns all rows by kind, found by looking into this folder; drawings last, those of the network at the end."""
    modules = [importlib.import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__)]
    rows: list[Emitter] = [row for module in modules for row in module.EMITTERS]
    return {row.kind: row for row in sorted(rows, key=lambda row: (row.is_drawing, row.of_network))}


EMITTERS: dict[str, Emitter] = _found()
"""The kinds that each circuit is written in."""

FORMS = tuple(row.kind for row in EMITTERS.values() if row.of_network)
"""The kinds in which there is a picture of the whole network too."""

DRAWN = tuple(row.kind for row in EMITTERS.values() if row.is_drawing)
"""The kinds that a large circuit has not."""

MODULE, STATIC, OBSERVABLES = "module", "static", "observables"
KINDS = (*EMITTERS, OBSERVABLES, MODULE, STATIC)
"""The kinds that `--emit` takes; `observables` is what each output measures, `module` the Torch module's starting
weights with the spec, `static` the report."""


def circuit_files(exports: Sequence[Export], kinds: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    """Returns the name and the bytes of each file of each circuit; drawings of large circuits are left out."""
    for export in exports:
        for kind, row in EMITTERS.items():
            data = row.write(export) if kind in kinds else None
            if data is not None:
                yield f"{export.name}{row.suffix}", data
