"""Settings of sections: a row describes one, and reads its values.

Each row has its documentation and the values that it takes. Docs, `--set` and `--resolved` read the same rows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from hqnn_dsl.catalog.entry import Choice, Entry, Option
from hqnn_dsl.circuit import foreign_phrases
from hqnn_dsl.diagnostics.codes import meaning as codes
from hqnn_dsl.diagnostics.diagnostic import Note, Refusal
from hqnn_dsl.semantics import value_advice
from hqnn_dsl.semantics.options import bind, entry_of, value_of
from hqnn_dsl.semantics.values import Scope, suggest_or_list
from hqnn_dsl.syntax import nodes

if TYPE_CHECKING:
    from hqnn_dsl.diagnostics.source import Span
    from hqnn_dsl.semantics.collector import Collector

Reader = Callable[[nodes.Setting, Scope], Any]


@dataclass(frozen=True)
class Row:
    """One setting of a section: its name, the values that it takes in words, and the function that reads it.

    `default` is the entry of its `table` that a model without the setting has. `parts` are the names that its values
    have, `has_own_names` is whether these are columns or classes.
    """

    name: str
    doc: str
    read: Reader
    option: Option | None = None
    table: Mapping[str, Entry] | None = None
    default: str = ""
    parts: tuple[str, ...] = ()
    has_own_names: bool = False


def default_of(record: type, name: str) -> Any:
    """The default that a record states for a field."""
    return getattr(record, name)


def sole(setting: nodes.Setting) -> nodes.Argument:
    """The one value of a setting, without a name."""
    for place, value in enumerate(setting.values):
        if place > 0 or value.name is not None:
            count, hint = "one value", ""
            if value.name is not None and setting.name.name in {"device", "backend"}:
                hint = f"write `{setting.name.name} {value.name.name}`; CUDA_VISIBLE_DEVICES says which GPU is used"
            elif value.name is not None and setting.name.name in foreign_phrases.ENTRIES:
                given = ", ".join(item.span.text for item in setting.values if item.name is not None)
                hint = f"write `{setting.name.name} {foreign_phrases.ENTRIES[setting.name.name][0]}({given})`"
            raise Refusal(codes.TooManyArguments(span=value.span, owner=setting.name.name, count=count, hint=hint))
    return setting.values[0]


def plain(record: type, kind: str, name: str, doc: str, **bounds: Any) -> Row:
    """A setting of one value, with the record's default."""
    option = Option(name=name, type=kind, doc=doc, default=default_of(record, name), **bounds)  # type: ignore[arg-type]

    def read(setting: nodes.Setting, scope: Scope) -> Any:
        return value_of(option, sole(setting).value, scope)

    return Row(name, doc, read, option=option)


def from_table(name: str, table: dict[str, Entry], doc: str, default: str) -> Row:
    """A setting that names an entry of a catalog: `optimizer adamw(lr: 0.01)`."""

    def read(setting: nodes.Setting, scope: Scope) -> Choice:
        node = sole(setting).value
        entry, arguments = entry_of(table, name, node)
        return bind(entry, arguments, scope, node.span)

    return Row(name, doc, read, table=table, default=default)


def from_entry(entry: Entry, read: Reader, doc: str = "") -> Row:
    """A setting of several named values, which `entry` describes as its options."""
    return Row(entry.name, doc or entry.doc, read, parts=tuple(option.name for option in entry.options))


class Section(NamedTuple):
    """What was read of a section: the values of its right settings, and the spans of all that it knows.

    Spans are by name, those of named values by path: `split`, `split.by`.
    """

    values: dict[str, Any]
    spans: dict[str, Span]

    def is_wrong(self, name: str) -> bool:
        """Whether a setting is written and has no value, for a mistake that is reported."""
        return name in self.spans and name not in self.values


def read_section(section: nodes.Settings | None, rows: tuple[Row, ...], scope: Scope, collector: Collector) -> Section:
    """The settings of a section; mistakes are gathered."""
    found = Section({}, {})
    by_name = {row.name: row for row in rows}
    for setting in collector.until_full(section.settings if section is not None else ()):
        name = setting.name.name
        with collector.gathering():
            if section is not None and name not in by_name:
                hint = value_advice.for_setting(name, setting, section) or suggest_or_list(name, list(by_name))
                owner = section.keyword.name
                raise Refusal(codes.UnknownSetting(span=setting.name.span, section=owner, name=name, hint=hint))
            if name in found.spans:
                note = Note("first given here", found.spans[name])
                raise Refusal(codes.GivenTwice(span=setting.span, name=name, notes=(note,)))
            found.spans[name] = setting.span
            named = [item for item in setting.values if item.name is not None]
            found.spans.update({f"{name}.{item.name.name}": item.span for item in named if item.name is not None})
            found.values[name] = by_name[name].read(setting, scope)
    return found
