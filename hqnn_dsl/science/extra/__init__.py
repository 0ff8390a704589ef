"""The packages of the extra `science`: imported late, and asked for with the command that installs them."""

from __future__ import annotations

from importlib.util import find_spec

from hqnn_dsl.diagnostics.codes.science import ScienceMissing
from hqnn_dsl.diagnostics.diagnostic import Refusal

PACKAGES = {"optuna": "optuna", "scikit_posthocs": "scikit-posthocs", "statsmodels": "statsmodels"}
"""The modules of the extra, with the packages that have them."""


def needs(*modules: str) -> None:
    """Raise `Refusal` E0680 if a module of the extra `science` is not installed; nothing is imported."""
    missing = [PACKAGES[module] for module in modules if not _is_installed(module)]
    if missing:
        raise Refusal(ScienceMissing(packages=" and ".join(f"`{name}`" for name in missing)))


def _is_installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except (ImportError, ValueError):
        return False
