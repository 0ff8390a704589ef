"""`--set path=value`: any setting, block argument or constant of a spec, changed before it is checked.

Every addressable place has a full path (`train.optimizer.lr`, `circuit.real_amplitudes.reps`, `width`); what leads
may be left out while one place is meant; of several, the outermost that stands in the spec. The value is what that
line takes; what is no value is a text. The change is made in the tree, so a changed spec is checked exactly as a
written one, and mistakes point at the option.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from hqnn_dsl.catalog.entry import Selection
from hqnn_dsl.diagnostics import sentences
from hqnn_dsl.diagnostics.codes.meaning import UnknownPath
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.diagnostics.source import Source, Span
from hqnn_dsl.literals import unescaped
from hqnn_dsl.semantics.collector import Collector
from hqnn_dsl.semantics.definitions import FileScope, collect
from hqnn_dsl.semantics.sections import SECTIONS
from hqnn_dsl.semantics.values import suggestion
from hqnn_dsl.syntax import nodes
from hqnn_dsl.syntax.parser import parse_value
from hqnn_dsl.syntax.walk import exchanged, statements_in

if TYPE_CHECKING:
    from hqnn_dsl.catalog.entry import Entry, Option
    from hqnn_dsl.semantics.used_files import Reach

_Values = tuple[nodes.Argument, ...]
_Change = Callable[[nodes.Model, _Values], nodes.Model]
_OWN_NAMES = {row.name: section for section, rows in SECTIONS.items() for row in rows if row.has_own_names}
"""The settings whose values have names of the user's own, columns or classes, with their sections."""


def override(
    tree: nodes.File,
    changes: Mapping[str, str | Source],
    offered: Mapping[str, Entry],
    default_backend: str,
    reach: Reach | None = None,
) -> nodes.File:
    """The tree with every `path: value` of `changes` applied. Raises `Refusal` for a path that means nothing.

    A value is a text, or a source if mistakes in it are to be shown under another name than that of `--set`.
    """
    file = collect(tree, Collector(), reach)
    constants = _constants(tree)
    changed: dict[int, nodes.Let] = {}
    for path, text in changes.items():
        let = constants.get((path.strip(),))
        if let is not None and let.name.name != "backend":
            changed[id(let)] = _changed_constant(let, path.strip(), text)
        else:
            tree = _apply(tree, path.strip(), text, _Known(file, offered, default_backend))
    if not changed:
        return tree
    return replace(tree, statements=tuple(changed.get(id(item), item) for item in tree.statements))


def _constants(tree: nodes.File) -> dict[tuple[str, ...], nodes.Let]:
    return {(item.name.name,): item for item in tree.statements if isinstance(item, nodes.Let)}


def _changed_constant(let: nodes.Let, path: str, text: str | Source) -> nodes.Let:
    source = _option(path, text)
    return replace(let, value=_sole(parse_value(source) or _as_text(source), path, source))


def _option(path: str, text: str | Source) -> Source:
    return text if isinstance(text, Source) else Source(f"--set {path}", text, is_option=True)


@dataclass(frozen=True)
class _Known:
    """What paths may mean: the blocks that the file sees, the backends, and which of these is the default."""

    file: FileScope
    offered: Mapping[str, Entry]
    default_backend: str


def _apply(tree: nodes.File, path: str, text: str | Source, known: _Known) -> nodes.File:
    source = _option(path, text)
    values = parse_value(source) or _as_text(source)
    _, target = _address(tree, path, Span(source, 0, len(source.text)), known)
    if isinstance(target, nodes.Let):
        return _swapped(tree, target, replace(target, value=_sole(values, path, source)))
    model = _model_in(tree)
    assert model is not None
    return _swapped(tree, model, target(model, values))


def full_path(
    tree: nodes.File, path: nodes.Path, file: FileScope, offered: Mapping[str, Entry], default_backend: str
) -> str:
    """The whole path of what a path means in a spec. Raises `Refusal` E0224 at its place if it means no one thing."""
    found, _ = _address(tree, path.text, path.span, _Known(file, offered, default_backend))
    return ".".join(found)


def _model_in(tree: nodes.File) -> nodes.Model | None:
    return next((statement for statement in tree.statements if isinstance(statement, nodes.Model)), None)


def _address(tree: nodes.File, path: str, span: Span, known: _Known) -> tuple[tuple[str, ...], _Change | nodes.Let]:
    """What a path means: its whole path, and the change or the constant. Raises `Refusal` at `span`."""
    model = _model_in(tree)
    addresses: dict[tuple[str, ...], _Change | nodes.Let] = {**_constants(tree)}
    if model is not None:
        addresses |= dict(_addresses(model, known))
    wanted = tuple(path.split("."))
    own = _own_name(path)
    if own is not None and model is not None and wanted not in addresses:
        return own, _named_change(*own)
    found = [wanted] if wanted in addresses else [item for item in addresses if item[-len(wanted) :] == wanted]
    if len(found) > 1 and model is not None:
        found = _nearest(found, model)
    if len(found) != 1:
        hint = "" if found or model is None else _unchosen(wanted, model, known.offered, known.default_backend)
        raise Refusal(_no_such_path(path, span, found, list(addresses), hint))
    return found[0], addresses[found[0]]


def _own_name(path: str) -> tuple[str, str, str] | None:
    """The section, the setting and the name that `columns.price` and `train.class_weights."a b"` mean, else None."""
    for setting, section in _OWN_NAMES.items():
        for start in (f"{section}.{setting}.", f"{setting}."):
            name = path.removeprefix(start)
            if name and name != path:
                return section, setting, unescaped(name[1:-1]) if re.fullmatch(r'"(?:[^"\\]|\\.)*"', name) else name
    return None


def _nearest(found: list[tuple[str, ...]], model: nodes.Model) -> list[tuple[str, ...]]:
    """Of several places that a path may mean: those that stand in the spec, and of these the outermost.

    So `target` is the data's target and not how it is scaled, and `precision` is that of `train` where only that one
    is written.
    """
    written = [item for item in found if _is_written(item, model)] or found
    depth = min(len(item) for item in written)
    outermost = [item for item in written if len(item) == depth]
    return outermost if len(outermost) == 1 else found


def _is_written(path: tuple[str, ...], model: nodes.Model) -> bool:
    section, name, *argument = path if path[0] != "backend" else ("", *path)
    setting = _find_setting(model, section, name)
    if setting is None or not argument:
        return setting is not None
    call = setting.values[0].value
    values = (*setting.values, *(call.arguments if isinstance(call, nodes.Call) else ()))
    for wanted in argument:
        found = next((value.value for value in values if value.name is not None and value.name.name == wanted), None)
        if found is None:
            return False
        values = found.arguments if isinstance(found, nodes.Call) else ()
    return True


def _as_text(source: Source) -> _Values:
    span = Span(source, 0, len(source.text))
    return (nodes.Argument(span, None, nodes.String(span, source.text)),)


def _sole(values: _Values, path: str, source: Source) -> nodes.Expression:
    if len(values) != 1 or values[0].name is not None:
        span = Span(source, 0, len(source.text))
        raise Refusal(UnknownPath(span=span, path=path, problem="takes one value"))
    return values[0].value


def _no_such_path(
    path: str, span: Span, found: list[tuple[str, ...]], known: list[tuple[str, ...]], hint: str
) -> UnknownPath:
    if found:
        hint = f"write {sentences.names(('.'.join(item) for item in found), 'or')}"
        return UnknownPath(span=span, path=path, problem="means several settings", hint=hint)
    names = [".".join(item) for item in known]
    tails = [".".join(item[start:]) for item in known for start in range(len(item))]
    hint = hint or suggestion(path, [*names, *tails])
    if not hint and path.partition(".")[0] in {"encoder", "decoder"}:
        hint = "layers have no path: write `let hidden = 16` above the model and `dense(hidden)` in it, then `hidden=…`"
    return UnknownPath(span=span, path=path, problem="is no setting or constant of this spec", hint=hint)


def _unchosen(wanted: tuple[str, ...], model: nodes.Model, offered: Mapping[str, Entry], default_backend: str) -> str:
    """A hint for a path that is an option of a backend, or of an entry in it, that the spec does not name."""
    path = wanted[1:] if wanted[0] == "backend" else wanted
    node = _value_of(model, "", "backend")
    chosen = _chosen(node, default_backend)
    if chosen not in offered or not path:
        return ""
    option = offered[chosen].option(path[0])
    if option is None and wanted[0] == "backend":
        having = [f"backend={_sketch(entry, path[0])}" for entry in offered.values() if entry.option(path[0])]
        where, lacking = f"`backend` is `{chosen}` here", path[0]
    elif option is not None and option.table is not None and len(path) == 2:
        rows = [entry for entry in option.table.values() if entry.option(path[1])]
        having = [f"backend.{path[0]}={_sketch(entry, path[1])}" for entry in rows]
        inner = _chosen(_given(node, offered[chosen], path[0]), _default_name(option) or "none")
        where, lacking = f"`{path[0]}` is `{inner}` here", path[1]
    else:
        return ""
    ways = sentences.names((f"--set '{text}'" for text in having), "or")
    return f"{where}, which has no `{lacking}`; write {ways}" if having else ""


def _sketch(entry: Entry, name: str) -> str:
    """The entry with that option and those without a default."""
    names = [option.name for option in entry.options if option.is_required or option.name == name]
    return f"{entry.name}({', '.join(f'{option}: …' for option in names)})"


def _swapped(tree: nodes.File, old: nodes.Let | nodes.Model, new: nodes.Let | nodes.Model) -> nodes.File:
    return replace(tree, statements=tuple(new if item is old else item for item in tree.statements))


# ------------------------------------------------------------ the addresses


def _addresses(model: nodes.Model, known: _Known) -> Iterator[tuple[tuple[str, ...], _Change]]:
    for section, rows in SECTIONS.items():
        for row in rows:
            yield (section, row.name), _setting_change(section, row.name)
            for name in row.parts:
                yield (section, row.name, name), _named_change(section, row.name, name)
            if row.table is not None:
                node = _value_of(model, section, row.name)
                for path, entry in _option_paths(row.table, node, row.default):
                    yield (section, row.name, *path), _argument_change(section, row.name, path, entry)
    yield ("backend",), _backend_change
    for path, entry in _option_paths(known.offered, _value_of(model, "", "backend"), known.default_backend):
        yield ("backend", *path), _argument_change("", "backend", path, entry)
    yield from _block_addresses(known.file, model)


def _option_paths(
    table: Mapping[str, Entry], node: nodes.Expression | None, default: str
) -> Iterator[tuple[tuple[str, ...], Entry]]:
    """The options of the entry that `node` names, and of the entries that these name: `noise`, `noise.p1`, ….

    Each with the entry that the path starts in.
    """
    entry = table.get(_chosen(node, default))
    for option in entry.options if entry is not None else ():
        assert entry is not None
        yield (option.name,), entry
        if option.table is not None:
            inner = _option_paths(option.table, _given(node, entry, option.name), _default_name(option))
            for path, _ in inner:
                yield (option.name, *path), entry


def _value_of(model: nodes.Model, section: str, name: str) -> nodes.Expression | None:
    setting = _find_setting(model, section, name)
    return setting.values[0].value if setting is not None and setting.values else None


def _chosen(node: nodes.Expression | None, default: str) -> str:
    """The catalog entry that a value names."""
    match node:
        case nodes.Name(_, name) | nodes.Call(_, nodes.Name(_, name)) | nodes.String(_, name):
            return name
    return default


def _default_name(option: Option) -> str:
    """The entry that is the default of an option, empty if it has none."""
    return option.default.name if isinstance(option.default, Selection) else ""


def _given(node: nodes.Expression | None, entry: Entry, name: str) -> nodes.Expression | None:
    """The value that a call gives an option, by name or position; None if it gives none."""
    for argument in _all_named(node, entry).arguments if isinstance(node, nodes.Call) else ():
        if argument.name is not None and argument.name.name == name:
            return argument.value
    return None


def _find_setting(model: nodes.Model, section: str, name: str) -> nodes.Setting | None:
    for part in model.parts:
        if not section and isinstance(part, nodes.Setting) and part.name.name == name:
            return part
        if isinstance(part, nodes.Settings) and part.keyword.name == section:
            return next((setting for setting in part.settings if setting.name.name == name), None)
    return None


def _with_setting(model: nodes.Model, section: str, setting: nodes.Setting) -> nodes.Model:
    """The model with a setting put in place of the one of that name, or added."""
    name = setting.name.name
    parts: list[nodes.Part] = []
    placed = False
    for part in model.parts:
        if not section and isinstance(part, nodes.Setting) and part.name.name == name and not placed:
            parts.append(setting)
            placed = True
        elif isinstance(part, nodes.Settings) and part.keyword.name == section and not placed:
            kept = tuple(item for item in part.settings if item.name.name != name)
            parts.append(replace(part, settings=(*kept, setting)))
            placed = True
        else:
            parts.append(part)
    if not placed:
        keyword = nodes.Name(setting.span, section)
        parts.append(nodes.Settings(setting.span, keyword, (setting,)) if section else setting)
    return replace(model, parts=tuple(parts))


def _setting_change(section: str, name: str) -> _Change:
    def change(model: nodes.Model, values: _Values) -> nodes.Model:
        span = values[0].span.to(values[-1].span)
        return _with_setting(model, section, nodes.Setting(span, nodes.Name(span, name), values))

    return change


_backend_change = _setting_change("", "backend")


def _named_change(section: str, setting_name: str, name: str) -> _Change:
    """Changes one named value of a setting: `split.test`."""

    def change(model: nodes.Model, values: _Values) -> nodes.Model:
        value = _sole(values, name, values[0].span.source)
        argument = nodes.Argument(value.span, nodes.Name(value.span, name), value)
        setting = _find_setting(model, section, setting_name)
        before = setting.values if setting is not None else ()
        if setting_name in _OWN_NAMES:  # a name of its own takes the place of `balanced`
            before = tuple(item for item in before if item.name is not None)
        kept = tuple(item for item in before if item.name is None or item.name.name != name)
        span = setting.span if setting is not None else value.span
        return _with_setting(model, section, nodes.Setting(span, nodes.Name(span, setting_name), (*kept, argument)))

    return change


def _all_named(call: nodes.Call, entry: Entry) -> nodes.Call:
    """The call with names for the values that have their place only: `huber(0.5)` as `huber(delta: 0.5)`."""
    named = []
    for place, argument in enumerate(call.arguments):
        name = argument.name
        if name is None and place < entry.positional:
            name = nodes.Name(argument.span, entry.options[place].name)
        named.append(replace(argument, name=name))
    return replace(call, arguments=tuple(named))


def _argument_change(section: str, setting_name: str, path: tuple[str, ...], entry: Entry) -> _Change:
    """Changes one argument of a catalog entry: `optimizer.lr`, or of an entry in it: `backend.noise.p1`."""

    def change(model: nodes.Model, values: _Values) -> nodes.Model:
        value = _sole(values, ".".join((setting_name, *path)), values[0].span.source)
        setting = _find_setting(model, section, setting_name)
        span = setting.span if setting is not None else value.span
        call = setting.values[0].value if setting is not None else nodes.Name(span, entry.name)
        changed = _with_option(call, entry, path, value)
        if changed is None:
            return model  # the setting names no entry, which the checker says
        argument = nodes.Argument(span, None, changed)
        return _with_setting(model, section, nodes.Setting(span, nodes.Name(span, setting_name), (argument,)))

    return change


def _with_option(
    call: nodes.Expression, entry: Entry, path: tuple[str, ...], value: nodes.Expression
) -> nodes.Call | None:
    """A call of `entry` with the option at `path` changed; None if it is no call."""
    if isinstance(call, nodes.String):
        call = nodes.Name(call.span, call.value)
    if isinstance(call, nodes.Call):
        call = _all_named(call, entry)
    elif not isinstance(call, nodes.Name):
        return None
    name, *rest = path
    changed: nodes.Expression | None = value
    if rest:
        option = entry.option(name)
        assert option is not None
        assert option.table is not None
        inside = _given(call, entry, name) or nodes.Name(value.span, _default_name(option))
        changed = _with_option(inside, option.table[_chosen(inside, "")], tuple(rest), value)
    return None if changed is None else _with_argument(call, name, changed)


def _with_argument(call: nodes.Name | nodes.Call, name: str, value: nodes.Expression) -> nodes.Call:
    function, arguments = (call, ()) if isinstance(call, nodes.Name) else (call.function, call.arguments)
    kept = tuple(item for item in arguments if item.name is None or item.name.name != name)
    added = nodes.Argument(value.span, nodes.Name(value.span, name), value)
    return nodes.Call(call.span, function, (*kept, added))


# ---------------------------------------------------------- block arguments


def _block_addresses(file: FileScope, model: nodes.Model) -> Iterator[tuple[tuple[str, ...], _Change]]:
    """The arguments of the blocks that stand in the circuit: `circuit.real_amplitudes.reps`."""
    circuit = next((part for part in model.parts if isinstance(part, nodes.Circuit)), None)
    if circuit is None:
        return
    counts: Counter[str] = Counter()
    uses = (statement for statement, _ in statements_in(circuit) if isinstance(statement, nodes.BlockUse))
    for use in uses:
        name = use.call.name if isinstance(use.call, nodes.Name) else use.call.function.name
        counts[name] += 1
        place = name if counts[name] == 1 else f"{name}_{counts[name]}"
        for option in _parameters(file, name):
            yield ("circuit", place, option), _use_change(use, option)


def _parameters(file: FileScope, name: str) -> list[str]:
    definition = file.find(name)
    return [parameter.name.name for parameter in definition.block.parameters] if definition is not None else []


def _use_change(use: nodes.BlockUse, name: str) -> _Change:
    def change(model: nodes.Model, values: _Values) -> nodes.Model:
        value = _sole(values, name, values[0].span.source)
        changed = replace(use, call=_with_argument(use.call, name, value))
        return exchanged(model, use, changed)

    return change
