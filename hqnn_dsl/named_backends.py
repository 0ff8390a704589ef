"""The backends by their names: what `backend …` of a spec may say, and the choice that a text of it means."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hqnn_dsl.backends import offered
from hqnn_dsl.catalog.entry import Entry
from hqnn_dsl.diagnostics.codes import meaning
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.diagnostics.source import Source, Span
from hqnn_dsl.literals import setting
from hqnn_dsl.semantics.sections import backend_of
from hqnn_dsl.semantics.values import Scope
from hqnn_dsl.syntax import nodes
from hqnn_dsl.syntax.parser import parse_value

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hqnn_dsl.semantics.spec import Choice

AUTO = Entry(name="auto", doc="The fastest exact backend for this circuit, found by a short trial; it says which.")
DEFAULT_BACKEND = "auto"


def backends() -> dict[str, Entry]:
    """The entries that `backend …` may name."""
    return {AUTO.name: AUTO, **{name: backend.entry for name, backend in offered().items()}}


def backend_choice(text: str) -> Choice:
    """A backend as a spec would name it (`aer(device: gpu)`), with its options filled in. Raises `Refusal`."""
    source = Source("backend", text)
    values = parse_value(source)
    span = Span(source, 0, len(text))
    if values is None:
        hint = "write a backend as in a spec: `aer(device: cpu)`"
        raise Refusal(meaning.UnknownChoice(span=span, what="`backend`", value=text, hint=hint))
    setting = nodes.Setting(span, nodes.Name(span, "backend"), values)
    return backend_of(setting, backends(), Scope())


def written_backend(backend: str, options: Mapping[str, object]) -> str:
    """A backend as a spec writes it, from that and options by name: `aer`, `{"shots": 1000}` to `aer(shots: 1000)`."""
    if not options:
        return backend
    words = ", ".join(f"{name}: {setting(value)}" for name, value in options.items())
    head, bracket, rest = backend.rstrip().partition("(")
    if not bracket:
        return f"{head}({words})"
    inside = rest.removesuffix(")").strip().rstrip(",")
    return f"{head}({inside}, {words})" if inside else f"{head}({words})"
