"""The order of the stages, in one file: source → tree → checked spec → circuit → executable → network.

Each stage is callable alone: `parse`, `check`, `elaborate`, `build`. The stages after the check are those of `Program`,
which makes each result when it is asked for.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from hqnn_dsl.backends import offered
from hqnn_dsl.backends.auto import candidates_of
from hqnn_dsl.diagnostics.codes import meaning
from hqnn_dsl.diagnostics.codes.warnings import TrainingTooLarge
from hqnn_dsl.diagnostics.diagnostic import Diagnostic, Refusal
from hqnn_dsl.diagnostics.placed import Placed
from hqnn_dsl.diagnostics.source import Source, Span
from hqnn_dsl.named_backends import AUTO, DEFAULT_BACKEND, backend_choice, backends
from hqnn_dsl.program import Program
from hqnn_dsl.recursion import room_to_recurse
from hqnn_dsl.semantics.check import Checked
from hqnn_dsl.semantics.check import check as check_tree
from hqnn_dsl.semantics.model_parts import without_budget
from hqnn_dsl.semantics.suppressions import silenced
from hqnn_dsl.semantics.used_files import Reach, read_spec
from hqnn_dsl.syntax.parser import parse as parse_source

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hqnn_dsl.catalog.columns import Embedding
    from hqnn_dsl.circuit.ir import Circuit
    from hqnn_dsl.network.hybrid import HybridNet
    from hqnn_dsl.semantics.used_files import AllowPath
    from hqnn_dsl.syntax import nodes


def parse(source: Source) -> tuple[nodes.File, tuple[Diagnostic, ...]]:
    """The tree of a source, and the mistakes found in it."""
    return parse_source(source)


def check(
    source: Source,
    changes: Mapping[str, str | Source] | None = None,
    allow_path: AllowPath = (),
    *,
    with_budget: bool = True,
) -> Checked | tuple[Diagnostic, ...]:
    """The checked model of a source, with the `--set` changes; for a file of blocks only, the warnings about it.

    Its `use` lines reach the files of its own folder and below, and those of the folders `allow_path`. The model is
    one without a budget if not `with_budget`. Raises `Refusal` with every error found.
    """
    reach = Reach.of(source, allow_path)
    with room_to_recurse():
        tree, mistakes = parse(source)
        tree = tree if with_budget else without_budget(tree)
        if changes:
            if any(mistake.is_error for mistake in mistakes):
                raise Refusal(*mistakes)
            from hqnn_dsl.semantics.override import override

            tree = override(tree, changes, backends(), DEFAULT_BACKEND, reach)
        checked = check_tree(tree, mistakes, backends(), DEFAULT_BACKEND, reach)
    if not isinstance(checked, Checked):
        return checked
    if not checked.circuit.is_absent:
        _ask_backend(checked)
        checked = _with_training(tree, checked)
    _check_sweep(checked)
    return checked


def _check_sweep(checked: Checked) -> None:
    """Refuse (E0249) values that the spec is to be swept over and is wrong with."""
    if not checked.sweep:
        return
    from hqnn_dsl.semantics.sweep_values import refuse_wrong_values

    refuse_wrong_values(checked.sweep, lambda changes: _without_sweep(checked, changes))


def _without_sweep(checked: Checked, changes: Mapping[str, str]) -> Checked:
    """The same model without its sweep, with `--set` changes. Raises `Refusal` if it is wrong with them."""
    from hqnn_dsl.semantics.override import override
    from hqnn_dsl.semantics.sweep import without_sweep

    with room_to_recurse():
        tree = override(without_sweep(checked.tree), changes, backends(), DEFAULT_BACKEND, checked.reach)
        found = check_tree(tree, (), backends(), DEFAULT_BACKEND, checked.reach)
    assert isinstance(found, Checked)
    if not found.circuit.is_absent:
        _ask_backend(found)
    return found


def whole_path(program: Program, path: str) -> str:
    """The whole path of what a path of `--set` means in a spec. Raises `Refusal` E0224 if it means no one thing."""
    from hqnn_dsl.semantics.override import full_path
    from hqnn_dsl.syntax import nodes

    source, checked = Source(f"--set {path}", path, is_option=True), program.checked
    node = nodes.Path(Span(source, 0, len(path)), path)
    return full_path(checked.tree, node, checked.file, backends(), DEFAULT_BACKEND)


def one_of_sweep(program: Program, changes: Mapping[str, str]) -> Program:
    """The program of one trial of a sweep: without the sweep, with `--set` changes. Raises `Refusal`."""
    return Program(program.source, _without_sweep(program.checked, changes))


def with_sweep(program: Program, over: Mapping[str, Source]) -> Program:
    """The same program with further swept settings, by their paths; they win over those of its sweep.

    Raises `Refusal` for a path that means nothing, and for values that are none or that the spec is wrong with.
    """
    from hqnn_dsl.semantics.sweep import with_axes

    with room_to_recurse():
        tree = with_axes(program.checked.tree, over)
        found = check_tree(tree, (), backends(), DEFAULT_BACKEND, program.checked.reach)
    assert isinstance(found, Checked)
    _check_sweep(found)
    return Program(program.source, found)


def _with_training(tree: nodes.File, checked: Checked) -> Checked:
    """With a warning (W0410) where the backend can compute the circuit's values, but not train it."""
    chosen, circuit, rows = checked.spec.backend, checked.circuit, checked.spec.train.batch
    if not checked.spec.encoder and all(tensor.frozen for tensor in circuit.weights):
        return checked
    if chosen.name == AUTO.name:
        quick = [one for one in candidates_of(circuit, {}, offered(), 0, "cpu") if one.backend.is_quick]
        refused = [candidate.backend.training(circuit, candidate.options, rows, "cpu") for candidate in quick]
        refusals = refused[0] if all(refused) else ()
    else:
        refusals = offered()[chosen.name].training(circuit, chosen.options, rows, "cpu")
    warnings = tuple(
        TrainingTooLarge(span=checked.spans["backend"], reason=item.headline, hint=item.help) for item in refusals
    )
    if not warnings:
        return checked
    from hqnn_dsl.diagnostics.codes import every_code

    kept = silenced(tree, warnings, every_code())
    return replace(checked, warnings=(*checked.warnings, *kept))


def _ask_backend(checked: Checked) -> None:
    """Refuse a circuit that the spec's backend cannot run, with the reason, before anything is loaded."""
    chosen = checked.spec.backend
    options = {path.partition(".")[2]: span for path, span in checked.spans.items() if path.startswith("backend.")}
    with Placed(checked.spans["backend"], options):
        row = None if chosen.name == AUTO.name else offered()[chosen.name]
        if checked.spec.budget is not None and (row is None or not row.is_metered(chosen.options)):
            reason = f"`backend {chosen.name}` costs nothing and counts nothing"
            raise Refusal(meaning.NoEffect(span=checked.spans["budget"], what="budget", reason=reason))
        if row is None:
            candidates_of(checked.circuit, {}, offered(), 0, "cpu")
            return
        objections = row.objections(checked.circuit, chosen.options)
        if objections:
            raise Refusal(*objections)


def elaborate(source: Source, changes: Mapping[str, str] | None = None, allow_path: AllowPath = ()) -> Circuit:
    """The circuit of a source's model."""
    return program(source, changes, allow_path).logical


def build(text: str, in_width: int, out_width: int, embeddings: Sequence[Embedding] = ()) -> HybridNet:
    """The network of a resolved spec's text, for that many inputs and outputs."""
    found = replace(program(Source("spec.resolved.hqnn", text)), is_read_back=True)
    return found.network(in_width, out_width, embeddings=embeddings)


def program(
    source: Source,
    changes: Mapping[str, str | Source] | None = None,
    allow_path: AllowPath = (),
    *,
    with_budget: bool = True,
) -> Program:
    """The program of a source, as `check` sees it. Raises `Refusal` if it is wrong or has no model."""
    checked = check(source, changes, allow_path, with_budget=with_budget)
    if not isinstance(checked, Checked):
        hint = "add `model NAME { … }`"
        what = "this file has no model, only blocks and constants"
        raise Refusal(meaning.NothingToDo(span=Span(source, 0, 0), what=what, hint=hint))
    return Program(source, checked)


def changed(program: Program, changes: Mapping[str, str]) -> Program:
    """The same program with further `--set` changes. Raises `Refusal` if a path or what becomes of it is wrong."""
    from hqnn_dsl.semantics.override import override

    checked = program.checked
    with room_to_recurse():
        tree = override(checked.tree, changes, backends(), DEFAULT_BACKEND, checked.reach)
        found = check_tree(tree, (), backends(), DEFAULT_BACKEND, checked.reach)
    assert isinstance(found, Checked)
    return Program(program.source, found)


def load_program(path: str | Path, changes: Mapping[str, str] | None = None, allow_path: AllowPath = ()) -> Program:
    """The program of a spec file."""
    return program(read_spec(Path(path)), changes, allow_path)


__all__ = [
    "Program",
    "backend_choice",
    "backends",
    "build",
    "changed",
    "check",
    "elaborate",
    "load_program",
    "one_of_sweep",
    "parse",
    "program",
    "whole_path",
    "with_sweep",
]
