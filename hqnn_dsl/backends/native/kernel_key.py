"""The key of kept kernels: a number made from all that decides the results of a compiled kernel.

Numba looks only at the file of the function that it kept, and at the CPU. A kernel is compiled from all files of the
folder `kernels`, and the codes of functions in it are their indices in `circuit.angles.FUNCTIONS`.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import llvmlite
import numba
import numpy as np
from numba.core.registry import cpu_target

from hqnn_dsl.backends.native import kernels
from hqnn_dsl.backends.native.kernels.registers import LANES
from hqnn_dsl.circuit.angles import FUNCTIONS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

KEY_BYTES = 6
"""Bytes of a key: it is a constant of compiled code, and so an int64."""


def kernel_key(
    folder: Path, functions: Iterable[str], lanes: Mapping[str, int], versions: Mapping[str, str], cpu: Iterable[str]
) -> int:
    """Returns the key, never 0.

    `folder` holds the sources of the kernels, `functions` are the names of the table of functions in its order, `lanes`
    the numbers in a register by dtype, `versions` those of the packages that compile, and `cpu` names the
    processor that they compile for. Raises `OSError` if the folder cannot be read.
    """
    given = tuple(functions), sorted(lanes.items()), sorted(versions.items()), tuple(cpu)
    digest = hashlib.sha256(repr(given).encode())
    for path in _files(folder):
        content = path.read_bytes()
        digest.update(repr((path.relative_to(folder).as_posix(), len(content))).encode())
        digest.update(content)
    return int.from_bytes(digest.digest()[:KEY_BYTES], "big") or 1


def own_key(*beyond: Path) -> int:
    """Returns the key of the kernels of this installation on this machine.

    With folders `beyond`, that of kernels there which are built on those of the engine.
    """
    versions = {"numba": numba.__version__, "llvmlite": llvmlite.__version__, "numpy": np.__version__}
    key = kernel_key(Path(kernels.__file__).parent, FUNCTIONS, LANES, versions, cpu())
    for folder in beyond:
        key = kernel_key(folder, (*FUNCTIONS, str(key)), LANES, versions, cpu())
    return key


def cpu() -> tuple[str, ...]:
    """Returns the processor that Numba compiles for: target triple, name and features."""
    return tuple(cpu_target.target_context.codegen().magic_tuple())


def _files(folder: Path) -> Iterator[Path]:
    """All files of a folder in the order of their names, but what Python and Numba keep in `__pycache__`."""
    for entry in sorted(folder.iterdir()):
        if not entry.is_dir():
            yield entry
        elif entry.name != "__pycache__":
            yield from _files(entry)
