"""The collector: checkers raise, it gathers, and the check goes on."""

from dataclasses import FrozenInstanceError

import pytest
from short import MAP, checked, codes, spec_text

from hqnn_dsl import limits
from hqnn_dsl.diagnostics.codes.meaning import NoEffect, UnknownName
from hqnn_dsl.diagnostics.codes.warnings import UnboundedEncoder
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.diagnostics.source import Source, Span
from hqnn_dsl.semantics.collector import Collector, refuse_all
from hqnn_dsl.semantics.definitions import FileScope, library_block
from hqnn_dsl.semantics.frames import Frame
from hqnn_dsl.semantics.values import Silent

SOURCE = Source("spec.hqnn", "a b c d")


def mistake(start: int, name: str = "n") -> UnknownName:
    return UnknownName(span=Span(SOURCE, start, start + 1), name=name)


def placed_frame() -> Frame:
    """A frame in the library block `angle`, which is placed at the last letter of the source."""
    block = library_block("angle")
    assert block is not None
    return Frame(FileScope(SOURCE), block.file.scope, (0,), chain=((block, Span(SOURCE, 6, 7)),))


def test_what_follows_a_mistake_is_checked_too():
    collector = Collector()
    for start in (2, 0):
        with collector.gathering():
            raise Refusal(mistake(start))
    assert [item.span.start for item in collector.items] == [0, 2]


def test_several_mistakes_of_one_refusal_are_all_kept():
    collector = Collector()
    with collector.gathering() as attempt:
        refuse_all(mistake(start) for start in (0, 2))
    assert attempt.failed
    assert len(collector.items) == 2
    refuse_all(())


def test_a_silent_failure_adds_nothing_and_counts():
    collector = Collector()
    with collector.gathering() as attempt:
        raise Silent
    assert attempt.failed
    assert isinstance(attempt.error, Silent)
    assert not collector.items
    with pytest.raises(Silent):
        collector.raise_errors()


def test_an_attempt_knows_of_failures_further_inside_and_may_be_repeated():
    collector = Collector()
    outer, inner = collector.gathering(), collector.gathering()
    with outer, inner:
        raise Refusal(mistake(0))
    assert outer.failed
    assert outer.error is None
    with outer:
        pass
    assert not outer.failed
    assert isinstance(inner.error, Refusal)


def test_other_exceptions_are_not_gathered():
    with pytest.raises(ZeroDivisionError), Collector().gathering():
        raise ZeroDivisionError


def test_a_warning_is_no_failure():
    collector = Collector()
    with collector.gathering() as attempt:
        collector.add(UnboundedEncoder(span=Span(SOURCE, 0, 1)))
    assert not attempt.failed
    collector.raise_errors()
    assert not collector.has_errors
    assert len(collector.items) == 1


def test_errors_are_kept_up_to_the_limit_and_warnings_beyond_it():
    collector = Collector()
    collector.extend(mistake(0, f"n{number}") for number in range(limits.MAX_FOUND_ERRORS + 5))
    assert collector.is_full
    assert not list(collector.until_full("ab"))
    assert len(collector.items) == limits.MAX_FOUND_ERRORS
    collector.add(UnboundedEncoder(span=Span(SOURCE, 0, 1)))
    assert len(collector.items) == limits.MAX_FOUND_ERRORS + 1


def test_the_turns_of_a_loop_tell_a_mistake_once():
    collector = Collector()
    frame = Frame(FileScope(SOURCE), FileScope(SOURCE).scope, (0,))
    for name in ("first", "second"):
        with collector.gathering(frame):
            raise Refusal(mistake(0, name))
    assert [item.name for item in collector.items] == ["first"]


def test_a_mistake_in_a_library_block_is_marked_where_the_block_is_placed():
    collector = Collector()
    inside = Source("library/angle.hqnn", "rx(a) 0")
    with collector.gathering(placed_frame()):
        raise Refusal(UnknownName(span=Span(inside, 3, 4), name="a", hint="a hint for the library"))
    (item,) = collector.items
    assert item.span == Span(SOURCE, 6, 7)
    assert [note.text for note in item.notes] == ["this is found inside the library block `angle`"]
    assert item.hint == ""


def test_a_mistake_at_the_placement_itself_keeps_its_hint():
    collector = Collector()
    with collector.gathering(placed_frame()):
        raise Refusal(NoEffect(span=Span(SOURCE, 6, 7), what="reps", reason="no reason", hint="leave it out"))
    (item,) = collector.items
    assert item.hint == "leave it out"
    assert not item.notes


def test_the_checked_spec_is_frozen():
    spec = checked(spec_text(f"{MAP}\nansatz real_amplitudes()")).spec
    with pytest.raises(FrozenInstanceError):
        spec.num_qubits = 5


def test_a_wrong_constant_in_one_part_of_a_split_hides_no_mistake_in_another():
    parts = "data { target y; split validation: a, test: 7.5 }\nencoder { dense(2) }\ndecoder { dense }"
    text = spec_text(MAP, above="let a = 1 / 0", parts=parts)
    assert codes(text) == ["E0215", "E0208", "W0403"]
