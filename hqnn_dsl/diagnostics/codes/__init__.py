"""Every sentence said to a user: one frozen class a code, its docstring is the page of `hqnn explain`.

Codes are grouped by their finder: `letters`, `syntax` E01xx · `meaning`, `expressions`, `data_settings`, `sweeps`
E02xx (names, types, values) · `shapes` E03xx (widths, qubits, circuits) · `warnings`, `column_notices`,
`reading_notices` W04xx · `reading`, `tables`, `columns`, `classes`, `splits`, `scoring`, `runs`, `resuming` E05xx
(data and runs) · `command`, `exports`, `plans`, `reports`, `analyses`, `science`, `comparison` E06xx (files and
options) · `python` E063x (values from Python) · `environment`, `cuda`, `simulators`, `pennylane` E07xx (exit code 3)
· `unbuilt` E08xx (in the language, not in this version). Codes keep their meaning.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from hqnn_dsl.diagnostics.diagnostic import Diagnostic


@cache
def every_code() -> dict[str, type[Diagnostic]]:
    """All diagnostic classes by code, found by looking into this folder, ordered by code."""
    found: dict[str, type[Diagnostic]] = {}
    for module in pkgutil.iter_modules(__path__):
        loaded = importlib.import_module(f"{__name__}.{module.name}")
        for thing in vars(loaded).values():
            if isinstance(thing, type) and issubclass(thing, Diagnostic) and thing is not Diagnostic:
                found[thing.code] = thing
    return dict(sorted(found.items()))
