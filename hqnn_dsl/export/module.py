"""The Torch module as a file: starting or trained weights beside the resolved spec that rebuilds the network.

Plain tensors, numbers and text only, so that it loads with `weights_only=True`; no object is ever pickled.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hqnn_dsl.diagnostics.codes.command import NotCompiled
from hqnn_dsl.diagnostics.diagnostic import Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from hqnn_dsl.network.hybrid import HybridNet

FORMAT = 1


@dataclass(frozen=True)
class StoredModule:
    """A network as stored: the spec that rebuilds it, its widths, and its weights by name."""

    spec: str
    in_width: int
    out_width: int
    weights: Mapping[str, Any]


def module_bytes(net: HybridNet, spec: str, in_width: int, out_width: int) -> bytes:
    """The network's weights with the spec that rebuilds it, as a file."""
    import torch

    data = {"format": FORMAT, "spec": spec, "in_width": in_width, "out_width": out_width, "model": net.state_dict()}
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
        return StoredModule(data["spec"], data["in_width"], data["out_width"], data["model"])
    except Exception as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise Refusal(NotCompiled(path=str(path), reason=reason)) from error
