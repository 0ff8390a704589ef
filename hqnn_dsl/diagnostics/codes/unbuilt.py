"""What the language has and this version does not do: refused with a sentence, never accepted and ignored."""

from __future__ import annotations

from hqnn_dsl.diagnostics.diagnostic import Diagnostic
from hqnn_dsl.lazy import lazy_dataclass


@lazy_dataclass(frozen=True, kw_only=True)
class NotBuilt(Diagnostic):
    """The language knows this, this version of the compiler does not do it yet.

    The spec is right as it is written and will mean the same when a later version can run it. Until then it is
    refused, because running it without that part would give numbers for another experiment.

        wrong   initial weights from "runs/first"
        right   initial weights normal(0.1)
    """

    code = "E0801"
    message = "{what} in the language, but not built in this version"
    label = "not built yet"
    what: str
