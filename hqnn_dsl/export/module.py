"""The Torch module as a file: starting or trained weights beside the resolved spec that rebuilds the network.

Plain tensors, numbers and text only, so that it loads with `weights_only=True`; no object is ever pickled.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hqnn_dsl.catalog.columns import Embedding
from hqnn_dsl.diagnostics.codes.command import NotCompiled
from hqnn_dsl.diagnostics.diagnostic import Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from hqnn_dsl.network.hybrid import HybridNet

FORMAT = 1


@dataclass(frozen=True)
class StoredModule:
    """A network as stored: the spec that rebuilds it, its widths, its inputs with levels, and its weights by name."""

    spec: str
    in_width: int
    out_width: int
    embeddings: tuple[Embedding, ...]
    weights: Mapping[str, Any]


def module_bytes(net: HybridNet, spec: str, widths: tuple[int, int], embeddings: Sequence[Embedding] = ()) -> bytes:
    """The network's weights with the spec that rebuilds it, as a file; `widths` are those of inputs and outputs."""
    import torch

    in_width, out_width = widths
    data = {"format": FORMAT, "spec": spec, "in_width": in_width, "out_width": out_width, "model": net.state_dict()}
    if embeddings:
        data["embeddings"] = [(one.index, one.levels, one.width) for one in embeddings]
    stream = io.BytesIO()
    torch.save(data, stream)
    return stream.getvalue()


def load_module(path: Path) -> StoredModule:
    """Returns the module from the bytes of `module_bytes`. Raises `Refusal` if they are something else."""
    import torch

    try:
        data = torch.load(path, map_location="cpu", weights_only=True)
        if data["format"] != FORMAT:
            raise ValueError(f"format {data['format']}")
        embeddings = tuple(Embedding(*numbers) for numbers in data.get("embeddings", ()))
        return StoredModule(data["spec"], data["in_width"], data["out_width"], embeddings, data["model"])
    except Exception as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise Refusal(NotCompiled(path=str(path), reason=reason)) from error
