"""A folder with the specs of a control group, a file each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hqnn_dsl.diagnostics.codes.command import CannotWrite, FolderInUse
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.folders import HoldsOthers, fresh_folder
from hqnn_dsl.science.derived.derive import CONTROLS

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from hqnn_dsl.science.derived.controls import Derived

SUFFIX = ".hqnn"
_OURS = {f"{control.name}{SUFFIX}" for control in CONTROLS}


def write_specs(derived: Iterable[Derived], folder: Path) -> list[Path]:
    """Write each control that is not absent to `folder/<name>.hqnn`. Returns the paths written, in their order.

    The folder is replaced as a whole: it then holds these files alone, or is as it was. A control with the spec of an
    earlier one is written too. Raises `Refusal`: E0602 if the folder holds files of others, E0603 if it cannot be
    written.
    """
    texts = [(f"{one.name}{SUFFIX}", one.text) for one in derived if not one.is_absent]
    try:
        with fresh_folder(folder, lambda path: path.name in _OURS) as fresh:
            for name, text in texts:
                (fresh / name).write_text(text, encoding="utf-8", newline="\n")
    except HoldsOthers:
        raise Refusal(FolderInUse(path=str(folder))) from None
    except (OSError, ValueError, RuntimeError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise Refusal(CannotWrite(path=str(folder), reason=reason.lower())) from error
    return [folder / name for name, _ in texts]
