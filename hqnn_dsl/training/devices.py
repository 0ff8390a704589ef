"""Where the classical half runs, and in which precision: the only place that knows `auto`, autocast and scaling."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import torch

from hqnn_dsl.diagnostics.codes.tables import NoCuda
from hqnn_dsl.diagnostics.diagnostic import Refusal

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from torch.amp import GradScaler


def choose_device(wanted: Literal["auto", "cpu", "cuda"]) -> torch.device:
    """The torch device: `auto` is CUDA where there is one. Raises `Refusal` E0543 where `cuda` is not there."""
    if wanted == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if wanted == "cuda" and not torch.cuda.is_available():
        reason = "was installed without CUDA" if torch.version.cuda is None else "finds no CUDA device"
        raise Refusal(NoCuda(reason=reason))
    return torch.device(wanted)


@dataclass(frozen=True)
class Precision:
    """How steps are computed: autocast to `half` where `mixed`, float16 gradients scaled."""

    device: torch.device
    mixed: bool

    @property
    def half(self) -> torch.dtype:
        """float16 on CUDA; bfloat16 on a CPU, which needs no scaling of gradients."""
        return torch.float16 if self.device.type == "cuda" else torch.bfloat16

    def forward(self) -> AbstractContextManager[None]:
        """The context of a training step's forward pass.

        No casts are kept: a network casts each weight once a pass, and inside a caller's own autocast torch would keep
        them for longer than a step, while the weights move on.
        """
        return torch.autocast(self.device.type, dtype=self.half, cache_enabled=False) if self.mixed else nullcontext()

    def elsewhere(self) -> AbstractContextManager[None]:
        """The context of all the rest, where nothing is cast, whatever the caller has switched on."""
        return torch.autocast(self.device.type, enabled=False)

    def scaler(self) -> GradScaler:
        """A scaler that does nothing unless gradients are float16."""
        scales = self.mixed and self.half is torch.float16
        return torch.amp.GradScaler(self.device.type, enabled=scales)
