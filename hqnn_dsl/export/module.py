"""The Torch module as a file: starting or trained weights beside the resolved spec that rebuilds the network.

Plain tensors, numbers and text only, so that it loads with `weights_only=True`; no object is ever pickled.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hqnn_dsl.files import replacing
from hqnn_dsl.report.codes.command import NotCompiled
from hqnn_dsl.report.diagnostic import Refusal

if TYPE_CHECKING:
    from pathlib import Path

    from hqnn_dsl.network.hybrid import HybridNet

FORMAT = 1


@dataclass(frozen=True)
class StoredModule:
    """A network as stored: the spec that rebuilds it, its widths, and its weights by name."""

    spec: str
    in_width: int
    out_width: int
    weights: dict[str, Any]


def save_module(path: Path, net: HybridNet, spec: str, in_width: int, out_width: int) -> None:
    """Write the network's weights and the spec that rebuilds it."""
    import torch

    data = {"format": FORMAT, "spec": spec, "in_width": in_width, "out_width": out_width, "model": net.state_dict()}
    with replacing(path) as beside:
        torch.save(data, beside)


def load_module(path: Path) -> StoredModule:
    """Read what `save_module` wrote. Raises `Refusal` where it is something else."""
    import torch

    try:
        data = torch.load(path, map_location="cpu", weights_only=True)
        if data["format"] != FORMAT:
            raise ValueError(f"format {data['format']}")
        return StoredModule(data["spec"], data["in_width"], data["out_width"], data["model"])
    except Exception as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise Refusal(NotCompiled(path=str(path), reason=reason)) from error
