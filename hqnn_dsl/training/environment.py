"""The environment of a run, for `environment.json`: versions, device, threads, seeds."""

from __future__ import annotations

import os
import platform
from typing import TYPE_CHECKING, Any

import torch

from hqnn_dsl import __version__
from hqnn_dsl.packages import installed_versions
from hqnn_dsl.seeds import STREAMS, stream
from hqnn_dsl.training.code_hash import code_hash

if TYPE_CHECKING:
    from hqnn_dsl.network.hybrid import HybridNet
    from hqnn_dsl.semantics.spec import Choice, Spec
    from hqnn_dsl.training.precision import Precision
    from hqnn_dsl.training.step_choice import StepChoice


def describe_environment(spec: Spec, net: HybridNet, precision: Precision, step: StepChoice) -> dict[str, Any]:
    """Returns plain data about this process; the metadata of the backend are complete after it has run."""
    device = precision.device
    return {
        "hqnn": __version__,
        "code": code_hash(),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "packages": dict(installed_versions()),
        "device": {"type": device.type, "name": _device_name(device), "cuda": torch.version.cuda},
        "threads": {"torch": torch.get_num_threads(), "cpus": os.cpu_count()},
        "precision": precision.name(net),
        "backend": describe_backend(spec.backend, net),
        "step": {"asked": step.asked, "ran": step.ran, "reason": step.reason},
        "seeds": {"root": spec.train.seed} | {name: stream(spec.train.seed, name) for name in STREAMS},
    }


def describe_backend(chosen: Choice, net: HybridNet) -> dict[str, Any]:
    """Returns the backend of a network's circuit: `asked` is the spec's word (`auto`), `name` and `options` what ran.

    `metadata` is the backend's own record of its last call.
    """
    ran = net.circuit.backend or chosen
    return {
        "asked": chosen.name,
        "name": ran.name,
        "options": {name: _plain(value) for name, value in ran.options.items()},
        "metadata": {name: _plain(value) for name, value in net.circuit.executable.metadata.items()},
    }


def _device_name(device: torch.device) -> str:
    return torch.cuda.get_device_name(device) if device.type == "cuda" else platform.processor() or platform.machine()


def _plain(value: object) -> object:
    """Returns the value as JSON has it, or its text if JSON has no form for it."""
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value if isinstance(value, str | int | float | bool | None) else str(value)
