"""The precision of training steps: the only module that knows autocast and the scaling of gradients."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from torch.amp import GradScaler

    from hqnn_dsl.network.hybrid import HybridNet


@dataclass(frozen=True)
class Precision:
    """How steps are computed: if `mixed`, with autocast to `half`, and with gradients scaled if those are float16."""

    device: torch.device
    mixed: bool

    @staticmethod
    def of(asked: str, net: HybridNet, device: torch.device) -> Precision:
        """The precision that a spec asks for; `auto` is mixed on CUDA if a layer of the network is computed in half."""
        return Precision(device, mixed=asked == "mixed" or (asked == "auto" and device.type == "cuda" and net.has_half))

    def name(self, net: HybridNet) -> str:
        """`mixed`, `double` or `single`: what the steps of a network are computed in."""
        return "mixed" if self.mixed else "double" if net.dtype == torch.float64 else "single"

    @property
    def is_slow(self) -> bool:
        """Whether half precision costs more time than it saves: a CPU converts numbers for it."""
        return self.mixed and self.device.type == "cpu"

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
        """The context of everything else: nothing is cast, even if the caller has switched autocast on."""
        return torch.autocast(self.device.type, enabled=False)

    def scaler(self) -> GradScaler:
        """A scaler that does nothing unless gradients are float16."""
        scales = self.mixed and self.half is torch.float16
        return torch.amp.GradScaler(self.device.type, enabled=scales)
