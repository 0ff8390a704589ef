"""The entry points of a step's kernels, kept on disk like those of the engine, and the addresses of them all.

Kernels that steps call by address are compiled for given types before the first step. The key of kept kernels covers
those of the engine too, on whose registers these are built.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numba import types

from hqnn_dsl.backends.native import compiled as engine
from hqnn_dsl.backends.native.kernel_cache import kept
from hqnn_dsl.backends.native.kernel_key import own_key
from hqnn_dsl.training.step import kernels
from hqnn_dsl.training.step.kernels import circuit, entries, layers, steps
from hqnn_dsl.training.step.kernels.arrays import Circuit, Room

KEY = own_key(Path(kernels.__file__).parent)
"""The key of all that is kept; never 0."""
BY_ADDRESS = {"error_model": "numpy", "no_cpython_wrapper": True, "no_cfunc_wrapper": True, "_nrt": False}
"""Numba's options for kernels that only kernels call: those of `registers.kernel`."""
run_layers = kept(layers.layers_for(KEY), **BY_ADDRESS)
run_layers_back = kept(layers.layers_back_for(KEY), **BY_ADDRESS)
circuit_values = kept(circuit.forward_for(KEY), **BY_ADDRESS)
circuit_back = kept(circuit.backward_for(KEY), **BY_ADDRESS)
circuit_part = kept(circuit.part_for(KEY), **BY_ADDRESS)
loss = kept(entries.loss_for(KEY), **BY_ADDRESS)
optimizer = kept(entries.optimizer_for(KEY), **BY_ADDRESS)
clip = kept(entries.clip_for(KEY), **BY_ADDRESS)
BY_PYTHON = {"error_model": "numpy", "no_cfunc_wrapper": True, "_nrt": False}
"""The same for those that Python calls."""
run_steps = kept(steps.steps_for(KEY), **BY_PYTHON)
run_outputs = kept(steps.outputs_for(KEY), **BY_PYTHON)
run_help = kept(steps.help_for(KEY), **BY_PYTHON)

WHOLE = types.int64
_addresses: dict[tuple[str, Any], int] = {}


def _row(dtype: Any) -> Any:
    return types.Array(dtype, 1, "C")


def _table(dtype: Any) -> Any:
    return types.Array(dtype, 2, "C")


def real(dtype: str) -> Any:
    """Numba's type of the numbers of a network."""
    return types.float64 if dtype == "float64" else types.float32


def _circuit(dtype: str) -> Any:
    """Numba's type of the arrays of a circuit."""
    number, whole, floats = real(dtype), _row(WHOLE), _row(types.float64)
    fields = Circuit(
        sizes=whole,
        one=number,
        tape=whole,
        numbers=floats,
        offsets=_row(number),
        index=whole,
        parts=_table(WHOLE),
        tiles=whole,
        whole=whole,
        floats=floats,
        patterns=_row(number),
        wanted=_row(types.int8),
    )
    return types.NamedTuple(list(fields), Circuit)


def _room(dtype: str) -> Any:
    """Numba's type of the memory of steps."""
    row = _row(real(dtype))
    return types.NamedTuple([_row(types.float64) if name == "partials" else row for name in Room._fields], Room)


def _kinds(dtype: str) -> dict[str, tuple[Any, ...]]:
    """The kernels that steps call by address but for the circuit's parts, the types of their arguments, and that
    of their value if it is no int64.
    """
    number = real(dtype)
    row, table, whole, floats = _row(number), _table(number), _row(WHOLE), _row(types.float64)
    own, room = _circuit(dtype), _room(dtype)
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
        "circuit values": (circuit_values, (whole, own, room, row, WHOLE, WHOLE, WHOLE, row, row, whole, whole)),
        "circuit back": (circuit_back, (whole, own, room, row, WHOLE, WHOLE, WHOLE, row, row, WHOLE, whole, whole)),
        "circuit part": (circuit_part, (own, room, WHOLE, WHOLE, WHOLE, whole, WHOLE, WHOLE)),
        "angles": (engine.angles, (*angles, table, row), types.boolean),
        "gradients of angles": (engine.angles_back, (*angles, table, _table(types.float64), table, row), types.none),
        "loss": (loss, (WHOLE, floats, table, table, row, WHOLE, table), types.float64),
        "optimizer": (optimizer, stepped),
        "clip": (clip, (row, types.float64, WHOLE, floats, floats), types.float64),
    }


TRAINING = (
    *("layers", "layers back", "circuit values", "circuit back", "circuit part", "angles", "gradients of angles"),
    *("loss", "optimizer", "clip"),
)
"""The kernels of `Network.addresses`, in their order."""
VALUES = ("layers", "circuit values", "circuit part", "angles")
"""Those that values need."""
OF_CIRCUIT = ("circuit values", "circuit back", "circuit part", "angles", "gradients of angles")
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


def address(kind: tuple[str, Any], kernel: Any, arguments: tuple[Any, ...], returned: Any = WHOLE) -> int:
    """The address of a kernel compiled for arguments of those types; it is compiled, or read, at the first call.

    `returned` is the type that its callers take for granted.
    """
    if kind not in _addresses:
        found = engine.compiled_for(tuple(map(str, kind)), kernel, arguments)
        assert types.unliteral(found.signature.return_type) == returned, kind
        _addresses[kind] = found.library.get_pointer_to_function(found.fndesc.llvm_func_name)
    return _addresses[kind]
