"""The entry points of a step's kernels, kept on disk like those of the engine, and the addresses of them all.

Kernels that steps call by address are compiled for given types before the first step. The key of kept kernels covers
those of the engine too, on whose registers these are built.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numba
import numpy as np
from numba import types

from hqnn_dsl.backends.native import compiled as engine
from hqnn_dsl.backends.native.kernel_cache import kept
from hqnn_dsl.backends.native.kernel_key import own_key
from hqnn_dsl.training.step import kernels
from hqnn_dsl.training.step.kernels import entries, layers, steps

KEY = own_key(Path(kernels.__file__).parent)
"""The key of all that is kept; never 0."""
run_layers, run_layers_back = kept(layers.layers_for(KEY)), kept(layers.layers_back_for(KEY))
loss, optimizer, clip = kept(entries.loss_for(KEY)), kept(entries.optimizer_for(KEY)), kept(entries.clip_for(KEY))
run_steps, run_outputs, run_help = kept(steps.steps_for(KEY)), kept(steps.outputs_for(KEY)), kept(steps.help_for(KEY))

WHOLE = types.int64
_addresses: dict[tuple[str, Any], int] = {}


def _row(dtype: Any) -> Any:
    return types.Array(dtype, 1, "C")


def _table(dtype: Any) -> Any:
    return types.Array(dtype, 2, "C")


def real(dtype: str) -> Any:
    """Numba's type of the numbers of a network."""
    return types.float64 if dtype == "float64" else types.float32


def _kinds(dtype: str) -> dict[str, tuple[Any, tuple[Any, ...]]]:
    """The kernels that steps call by address but for the circuit's parts, and the types of their arguments."""
    number = real(dtype)
    row, table, whole, floats = _row(number), _table(number), _row(WHOLE), _row(types.float64)
    angles = whole, floats, WHOLE, table, row, number
    stepped = (WHOLE, floats, WHOLE, row, row, table, floats, WHOLE, WHOLE, types.float64, types.float64)
    return {
        "layers": (
            run_layers,
            (_table(WHOLE), _table(types.float64), WHOLE, WHOLE, WHOLE, row, row, whole),
        ),
        "layers back": (
            run_layers_back,
            (_table(WHOLE), _table(types.float64), WHOLE, WHOLE, WHOLE, row, row, row, row),
        ),
        "angles": (engine.angles, (*angles, table, row)),
        "gradients of angles": (engine.angles_back, (*angles, table, _table(types.float64), table, row)),
        "loss": (loss, (WHOLE, floats, table, table, row, WHOLE, table)),
        "optimizer": (optimizer, stepped),
        "clip": (clip, (row, types.float64)),
    }


TRAINING = ("layers", "layers back", "angles", "gradients of angles", "loss", "optimizer", "clip")
"""The kernels of `Network.addresses`, in their order."""
VALUES = ("layers", "angles")
"""Those that values need."""
OF_CIRCUIT = ("angles", "gradients of angles")
"""Those that a network without a circuit does not need."""


def addresses(dtype: str, names: tuple[str, ...]) -> np.ndarray[Any, Any]:
    """The addresses of the named kernels for a dtype in the order of `TRAINING`, 0 for all others."""
    kinds = _kinds(dtype)
    found = [address((name, dtype), *kinds[name]) if name in names else 0 for name in TRAINING]
    return np.array(found, dtype=np.int64)


def part_addresses(dtype: str, *, is_complex: bool, by_amplitude: bool, back: bool) -> tuple[int, int]:
    """The addresses of the engine's kernels for a part of a plan, forward and back; without `back` the second is 0."""
    number = real(dtype)
    row, table, whole, floats = _row(number), _table(number), _row(WHOLE), _row(types.float64)
    dual, lane = WHOLE if is_complex else types.none, WHOLE if by_amplitude else types.none
    begin = (whole, WHOLE, WHOLE, WHOLE, WHOLE, dual, lane, WHOLE, WHOLE, WHOLE, whole, floats, row)
    given = (*begin, table, row, table, row, types.boolean)
    form = f"{'complex' if is_complex else 'real'}, {'by amplitude' if by_amplitude else 'by sample'}, {dtype}"
    values = address(("values", form), engine.forward, (*given, table))
    if not back:
        return values, 0
    gradients = (*given, table, _row(types.int8), WHOLE, table, _table(types.float64), table)
    return values, address(("gradients", form), engine.backward, gradients)


def address(kind: tuple[str, Any], kernel: Any, arguments: tuple[Any, ...]) -> int:
    """The address of a kernel compiled for arguments of those types; it is compiled, or read, at the first call."""
    if kind not in _addresses:
        compiled = engine.compiled_for(tuple(map(str, kind)), kernel, arguments)
        _addresses[kind] = compiled.library.get_pointer_to_function(compiled.fndesc.llvm_func_name)
    return _addresses[kind]


def type_of(value: object) -> Any:
    """Numba's type of an argument."""
    return numba.typeof(value)
