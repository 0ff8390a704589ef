"""The picture of a whole network: from the table through encoder, circuit and decoder to the target."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from hqnn_dsl.catalog.layers import LAYERS, LayerEntry
from hqnn_dsl.circuit.block_spans import segments_of
from hqnn_dsl.diagnostics.quantities import count
from hqnn_dsl.export.drawing.angles import number
from hqnn_dsl.export.drawing.outputs import output_lines
from hqnn_dsl.export.drawing.page import LINE, QUIET, Page, text_width

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hqnn_dsl.circuit.ir import Circuit
    from hqnn_dsl.semantics.spec import Layer, Spec

_SIGNS = {"add": "+", "sub": "−", "mul": "·", "div": "/", "pow": "^"}
_MAX_NAMES, _MAX_PARTS, _MAX_LETTERS = 4, 6, 36
_ROW, _PADDING, _ARROW = 11.0, 0.12, 0.3


@dataclass(frozen=True, slots=True)
class Stage:
    """One box, and the number of values that enter it for each row of the table; empty for the first."""

    lines: tuple[str, ...]
    enters: str = ""
    fill: str = "nothing"


def network_stages(spec: Spec, circuit: Circuit, features: int | None, targets: int | None) -> list[Stage]:
    """The boxes in order; `features` and `targets` are None if only the table knows, written as `F`, `K`."""
    width = "F" if features is None else str(features)
    stages = [Stage(("table", *_names("features", _features(spec))), fill="inputs")]
    if spec.data.scale.features.name != "none":
        stages.append(Stage(("scale", f"features: {spec.data.scale.features.name}"), width))
    layers, width = _layers(spec.encoder, width, str(spec.num_inputs))
    stages += layers
    stages.append(Stage(("circuit", *_parts(circuit), *_numbers(circuit)), str(circuit.num_inputs), "weights"))
    outputs = list(output_lines(circuit))
    shown = outputs if len(outputs) <= _MAX_PARTS else [*outputs[: _MAX_PARTS - 1], "…"]
    stages.append(Stage(("outputs", *map(_cut, shown)), str(circuit.num_outputs)))
    layers, width = _layers(spec.decoder, str(circuit.num_outputs), "K" if targets is None else str(targets))
    stages += layers
    if spec.data.scale.target.name != "none" and spec.data.task != "classification":
        stages.append(Stage(("scale back", f"target: {spec.data.scale.target.name}"), width))
    target = ("the table's last column",) if spec.data.target is None else spec.data.target
    stages.append(Stage(("target", *_names("", target)), width, "inputs"))
    return stages


def _features(spec: Spec) -> Sequence[str]:
    found = spec.data.features
    if found.names is not None:
        return found.names
    return ("all other numbers", *(f"except {name}" for name in found.excluded))


def _names(title: str, names: Sequence[str]) -> list[str]:
    shown = list(names) if len(names) <= _MAX_NAMES else [*names[: _MAX_NAMES - 1], f"… {len(names)} in all"]
    first = [f"{title}:"] if title else []
    return [*first, *map(_cut, shown)]


def _cut(text: str) -> str:
    return text if len(text) <= _MAX_LETTERS else f"{text[: _MAX_LETTERS - 1]}…"


def _layers(layers: Iterable[Layer], width: str, last: str) -> tuple[list[Stage], str]:
    """A box for each layer, and the width that leaves the last of them."""
    stages = []
    for layer in layers:
        entry = LAYERS[layer.layer.name]
        sets = isinstance(entry, LayerEntry) and entry.sets_width
        after = (last if layer.out_width is None else str(layer.out_width)) if sets else width
        operations = [f"{_SIGNS[name]} {number(value).text}" for name, value in layer.operations]
        stages.append(
            Stage((_layer(layer, after if sets else ""), *operations), width, "weights" if sets else "nothing")
        )
        width = after
    return stages, width


def _layer(layer: Layer, width: str) -> str:
    """`dense(16, bias: false)`: the width, and the options that differ from the defaults."""
    defaults = LAYERS[layer.layer.name].defaults()
    given = [width] if width else []
    for name, value in layer.layer.options.items():
        if name != "width" and defaults.get(name) != value:
            text = str(value).lower() if isinstance(value, bool) else str(value)
            given.append(f"{name}: {text}")
    return _cut(f"{layer.layer.name}({', '.join(given)})" if given else layer.layer.name)


def _parts(circuit: Circuit) -> list[str]:
    """The circuit's segments, those that repeat in one line."""
    found = []
    for title, same in groupby(segment.title for segment in segments_of(circuit)):
        times = len(list(same))
        found.append(f"{title} × {times}" if times > 1 else title)
    return found if len(found) <= _MAX_PARTS else [*found[: _MAX_PARTS - 1], f"… {len(found)} parts in all"]


def _numbers(circuit: Circuit) -> list[str]:
    numbers = {"input": circuit.num_inputs, "qubit": circuit.num_qubits, "weight": circuit.num_weights}
    return [count(size, noun) for noun, size in numbers.items()]


def network_page(spec: Spec, circuit: Circuit, features: int | None, targets: int | None) -> Page:
    """The picture: boxes from left to right, a new row if one is full; on each arrow the number of values that pass."""
    page = Page()
    stages = network_stages(spec, circuit, features, targets)
    half = max(len(stage.lines) for stage in stages) * LINE / 2 + _PADDING
    page.text(0, LINE / 2, f"{spec.name}: the whole network; on each arrow its width", "left", color=QUIET)
    x, y = 0.0, 2 * LINE + half
    for stage in stages:
        wide = max(map(text_width, stage.lines)) + 2 * _PADDING
        arrow = max(_ARROW, text_width(stage.enters) + 0.2) if stage.enters else 0.0
        if x > 0 and x + arrow + wide > _ROW:
            x, y = 0.0, y + 2 * half + 2 * LINE
        if arrow:
            page.arrows.append((x, y, x + arrow, y))
            page.text(x + arrow / 2, y - LINE * 0.7, stage.enters)
        x += arrow
        high = len(stage.lines) * LINE / 2 + _PADDING
        page.box((x, y - high, x + wide, y + high), stage.fill, stage.lines)
        x += wide
    return page
