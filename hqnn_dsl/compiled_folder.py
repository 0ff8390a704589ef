"""The folder that `hqnn compile` writes: the names of its files, and the bytes of each."""

from __future__ import annotations

import json
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from hqnn_dsl.diagnostics.codes.command import CannotWrite, FolderInUse
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.export.emitters import EMITTERS, FORMS, MODULE, OBSERVABLES, STATIC, circuit_files
from hqnn_dsl.export.module import module_bytes
from hqnn_dsl.export.observables import observables_text
from hqnn_dsl.folders import HoldsOthers

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hqnn_dsl.catalog.columns import Embedding
    from hqnn_dsl.program import Program

_STATIC_FILE, MODULE_FILE, SPEC_FILE = "static.json", "module.pt", "spec.resolved.hqnn"
_OBSERVABLES_FILE = "observables.json"
_CIRCUITS, _NETWORK = ("logical", "transpiled"), "network"
_WRITTEN = {
    _STATIC_FILE,
    MODULE_FILE,
    SPEC_FILE,
    _OBSERVABLES_FILE,
    *(f"{name}{row.suffix}" for name in _CIRCUITS for row in EMITTERS.values()),
    *(f"{_NETWORK}.{form}" for form in FORMS),
}
"""All files that a compiled folder may have; a folder with others is never written to."""


def files_of(
    program: Program,
    kinds: tuple[str, ...],
    widths: tuple[int | None, int | None],
    embeddings: Sequence[Embedding],
) -> list[tuple[str, bytes]]:
    """The name and the bytes of every file."""
    in_width, out_width = widths
    exports = program.exports
    files = [(SPEC_FILE, program.resolved.encode()), *circuit_files(exports, kinds)]
    forms = [form for form in FORMS if form in kinds]
    if forms and not program.checked.untrainable:  # a circuit alone is no network
        from hqnn_dsl.export.drawing.networks import network_page

        page = network_page(program.spec, program.logical, in_width, out_width)
        files += [(f"{_NETWORK}.{form}", page.file(form)) for form in forms]
    if OBSERVABLES in kinds:
        _, transpiled = exports
        assert transpiled.layout is not None
        text = observables_text(program.logical, transpiled.layout, transpiled.circuit.num_qubits)
        files.append((_OBSERVABLES_FILE, text.encode()))
    if in_width is not None and out_width is not None and MODULE in kinds:
        net = program.without_trial().network(in_width, out_width, embeddings=embeddings)
        files.append((MODULE_FILE, module_bytes(net, program.resolved, (in_width, out_width), embeddings)))
    if STATIC in kinds:
        files.append((_STATIC_FILE, (json.dumps(program.static, indent=2) + "\n").encode()))
    return files


def compiled_files(folder: str | Path) -> set[str]:
    """The names of the files in a folder that `hqnn compile` may write anew; none where there is no folder."""
    path = Path(folder)
    return {name for name in _WRITTEN if (path / name).is_file()}


def is_written_here(path: Path) -> bool:
    """Whether a file of that name is one of such a folder."""
    return path.name in _WRITTEN


@contextmanager
def refusals(folder: Path) -> Iterator[None]:
    """What writing a folder may raise, as refusals."""
    try:
        yield
    except HoldsOthers:
        raise Refusal(FolderInUse(path=str(folder))) from None
    except (OSError, ValueError, RuntimeError) as error:  # a null character in the path, links in a circle
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise Refusal(CannotWrite(path=str(folder), reason=reason.lower())) from error
