"""Pictures of a circuit, one kind a format."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hqnn_dsl.export import emitter
from hqnn_dsl.export.emitter import Emitter

if TYPE_CHECKING:
    from hqnn_dsl.export.exported import Export


def _picture(form: str, doc: str) -> Emitter:
    def write(export: Export) -> bytes | None:
        if len(export.slotted.data) > emitter.MAX_DRAWN_OPERATIONS or export.page.is_too_large:
            return None
        return export.page.file(form)

    return Emitter(kind=form, suffix=f".{form}", doc=doc, write=write, is_drawing=True, of_network=True)


EMITTERS = (
    _picture("png", "a picture in dots"),
    _picture("svg", "a picture for the web, of any size"),
    _picture("pdf", "a picture for a paper, of any size"),
)
