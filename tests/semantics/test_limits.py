"""No spec runs away or into Python's own bounds: depth is refused at its place, and everything costs what it makes."""

from __future__ import annotations

import difflib
import sys

import pytest
from short import MAP, after_map, checked, codes, constant, spec_text

from hqnn_dsl import limits, pipeline, recursion
from hqnn_dsl.diagnostics.diagnostic import Findings, Refusal
from hqnn_dsl.diagnostics.source import Source, Span
from hqnn_dsl.semantics.values import Meter, extent

DEEPEST = limits.MAX_EXPRESSION_DEPTH - 1


def found(text):
    """The errors of a text."""
    with pytest.raises(Refusal) as error:
        pipeline.check(Source("spec.hqnn", text))
    return [item for item in error.value.diagnostics if item.is_error]


# ---------------------------------------------------------------- depth


def chain(length, value="a{}"):
    """Constants that each need the next one, which stands below."""
    lines = (f"let a{i} = {value.format(i + 1)}\n" for i in range(length - 1))
    return f"hqnn 1\n{''.join(lines)}let a{length - 1} = 1\n"


def test_constants_reach_as_deep_as_is_said():
    assert codes(chain(limits.MAX_CONSTANT_DEPTH)) == []
    assert constant(chain(limits.MAX_CONSTANT_DEPTH, "a{} + 1")[7:], "a0") == limits.MAX_CONSTANT_DEPTH


@pytest.mark.parametrize("length", [limits.MAX_CONSTANT_DEPTH + 1, 1_000, 20_000])
def test_constants_that_are_too_deep_are_one_mistake_at_the_name_that_goes_too_far(length):
    (item,) = found(chain(length))
    assert item.code == "E0225"
    assert item.span.text == f"a{limits.MAX_CONSTANT_DEPTH}"


def test_constants_of_those_above_may_be_many():
    lets = "".join(f"let a{i + 1} = a{i} + 1\n" for i in range(5_000))
    assert constant(f"let a0 = 0\n{lets}", "a5000") == 5_000


def test_deep_expressions_in_deep_constants_fit():
    deep = "-" * DEEPEST + "a{}"
    assert codes(chain(limits.MAX_CONSTANT_DEPTH, deep)) == []


def test_constants_need_what_they_name_wherever_it_stands():
    assert constant("let a = [b, c]\nlet b = c\nlet c = 3") == (3, 3)
    assert codes("hqnn 1\nlet a = b + c\nlet b = 1 / 0\nlet c = b\n") == ["E0215"]
    assert codes("hqnn 1\nlet a = true or b\nlet b = a\n") == ["E0213"]
    (item,) = found("hqnn 1\nlet a = 1 + b\nlet b = c\nlet c = [a]\n")
    assert item.code == "E0213"
    assert "a → b → c → a" in item.headline


def at_depth(depth, action):
    """What `action()` gives when called from that many calls deep."""
    return action() if depth == 0 else at_depth(depth - 1, action)


def nested(inner, levels):
    """A statement in loops."""
    return "".join(f"for i{n} in 0..1 {{ " for n in range(levels)) + inner + " }" * levels


DEEP = {
    "an expression": f"rx({'-' * DEEPEST}1) 0",
    "calls": f"rx({'sin(' * 60}1{')' * 60}) 0",
    "conditions": "if false { h 0 }" + " else if false { h 0 }" * (DEEPEST - 1),
    "loops": nested("h 0", 60),
    "an expression in loops": nested(f"rx({'-' * DEEPEST}1) 0", 60),
    "an expression in conditions": "if false { h 0 }" + f" else if {'not ' * 150}true {{ h 0 }}" * 40,
}


@pytest.mark.parametrize("name", DEEP)
@pytest.mark.parametrize("depth", [0, 700])
def test_what_the_limits_allow_is_checked_however_deep_the_caller_stands(name, depth):
    before = sys.getrecursionlimit()
    program = at_depth(depth, lambda: pipeline.program(Source("spec", spec_text(f"{MAP}\n{DEEP[name]}"))))
    assert at_depth(depth, lambda: program.resolved).startswith("hqnn 1")
    assert sys.getrecursionlimit() == before


def blocks(number, body, last="h 0"):
    """Blocks that each hold the next one, and the model that places the first."""
    lines = [f"ansatz b{i}() {{ {body.format(f'ansatz b{i + 1}()')} }}" for i in range(number)]
    return spec_text(f"{MAP}\nansatz b0()", above="\n".join([*lines, f"ansatz b{number}() {{ {last} }}"]))


def test_blocks_in_blocks_reach_as_deep_as_is_said():
    most = limits.MAX_BLOCK_DEPTH
    assert codes(blocks(most - 1, "{}")) == []
    assert [item.code for item in found(blocks(most, "{}"))] == ["E0225"]
    assert [item.code for item in found(blocks(5_000, "{}"))] == ["E0225"]
    assert [item.code for item in found(blocks(most, "{0}; {0}"))] == ["E0225"]


def test_loops_in_blocks_in_blocks_are_refused_by_their_depth():
    many = "".join(f"for i{n} in 0..1 {{{{ " for n in range(50)) + "{}" + " }}" * 50
    assert codes(blocks(4, many, f"rx({'-' * DEEPEST}1) 0")) == []
    (item,) = found(blocks(40, many))
    assert (item.code, "depth of statements" in item.headline) == ("E0225", True)


def test_recursion_gets_its_room_and_gives_it_back():
    before = sys.getrecursionlimit()
    with recursion.room_to_recurse(), recursion.room_to_recurse():
        assert at_depth(recursion.ROOM - 100, lambda: 7) == 7
    assert sys.getrecursionlimit() == before


# ---------------------------------------------------------------- growth


@pytest.mark.parametrize(
    "text",
    [
        "10 ** 10 ** 10", "2 ** 100000", "2.5 ** 1e300", "(-3) ** 100001", "9 ** 9 ** 9 ** 9", "2 ** 2 ** 2 ** 2 ** 2",
        "9223372036854775807 * 9223372036854775807", "9223372036854775807 + 1", "-9223372036854775807 - 10",
        "0..9223372036854775807", "groups(full, 1000, 500)", "groups(full, 1000000, 2)",
        "groups(linear, 1000000, 1000)",
    ],
)  # fmt: skip
def test_huge_numbers_are_refused_without_being_worked_out(text):
    (item,) = found(f"hqnn 1\nlet a = {text}\n")
    assert item.code == "E0225"


@pytest.mark.parametrize("piece", ["[a{0}, a{0}]", "[a{0}, 1, [a{0}]]", "[a{0}]"])
def test_lists_of_lists_end(piece):
    lets = "".join(f"let a{i + 1} = {piece.format(i)}\n" for i in range(1_000))
    (item,) = found(f"hqnn 1\nlet a0 = [1]\n{lets}")
    assert item.code == "E0225"


def test_the_extent_of_a_list_counts_what_is_shared_as_often_as_it_stands_there():
    shared = (1, 2, 3)
    assert extent((shared, (shared, shared), 7)) == (10, 3)
    assert extent(5) == (1, 0)
    assert extent(()) == (0, 1)


def test_an_angle_that_grows_by_doubling_is_refused_by_its_size():
    lets = "".join(f"let a{i + 1} = a{i} + a{i}\n" for i in range(1_000))
    items = found(spec_text(f"input x\nlet a0 = x\n{lets}rx(a1000) 0"))
    assert [item.code for item in items] == ["E0225"]


def test_a_large_angle_that_many_gates_share_is_walked_through_once():
    lets = "".join(f"let a{i + 1} = a{i} + a{i}\n" for i in range(12))
    circuit = checked(spec_text(f"input x\nlet a0 = x\n{lets}for i in 0..1500 {{ rx(a12) 0 }}")).circuit
    assert len(circuit.operations) == 1_500


COSTLY = {
    "inputs": ("feature_map big() { input x[1000000]; rx(x[0]) 0 }", "repeat 1000 { feature_map big() }"),
    "a slice": ("", "for i in 0..1000000 { feature_map angle() on x[0..100000] }"),
    "all inputs": ("", "input x[100000]\nfor i in 0..1000000 { feature_map angle() on x }"),
    "a list": ("", "for i in 0..1000000 { let a = [" + "0, " * 10_000 + "0] }"),
    "a part of a list": ("let all = 0..1000000", "for i in 0..1000000 { let a = all[0..1000000] }"),
    "a part of a text": (f'let all = "{"x" * 100_000}"', "for i in 0..1000000 { let a = all[0..100000] }"),
    "texts that are compared": (
        f'let a = "{"x" * 100_000}"\nlet b = "{"x" * 100_000}"', "for i in 0..1000000 { if a == b { } }",
    ),
    "lists that are compared": (
        "let a = 0..9000\nlet b = 0..9000", "for i in 0..1000000 { if a == b { } }",
    ),
    "groups": ("", "for i in 0..1000000 { let a = groups(full, 300, 2) }"),
    "operators": ("", f"for i in 0..1000000 {{ rx({'+'.join(['1'] * DEEPEST)}) 0 }}"),
    "arguments of a function": ("", f"for i in 0..1000000 {{ let a = max({', '.join(['1'] * 10_000)}) }}"),
    "arguments of a block": (
        f"ansatz b({', '.join(f'a{i}: int = 1' for i in range(5_000))}) {{ }}", "repeat 1000000 { ansatz b() }",
    ),
    "members": (
        f"ansatz b(a: {' | '.join(f'm{i}' for i in range(5_000))} = m0) {{ }}", "repeat 1000000 { ansatz b() }",
    ),
    "blocks": ("ansatz b() { }", "repeat 1000000 { ansatz b() }"),
    "targets": ("", "for i in 0..1000000 { h 0..1000 }"),
    "qubits of a block": ("ansatz b() { }", "for i in 0..1000000 { ansatz b() on 0..1000 }"),
    "weights": ("", "repeat 1000000 { weight w[1000] }"),
    "nothing at all": ("", "for i in 0..1000000 { for j in 0..1000000 { } }"),
}  # fmt: skip


@pytest.mark.parametrize("name", COSTLY)
def test_everything_costs_what_it_makes(name, monkeypatch):
    """With a thousandth of the work that is allowed, about a thousandth of it is done."""
    monkeypatch.setattr(limits, "MAX_STATEMENTS", 20_000)
    monkeypatch.setattr(limits, "MAX_OPERATORS", 100_000)
    above, body = COSTLY[name]
    items = found(spec_text(body, qubits=1_000, above=above))
    assert "E0225" in [item.code for item in items]
    assert len(items) <= 2


@pytest.mark.parametrize(
    "item", ["z", "parity", "z[0..50]", "*".join(f"(z[{i}] + x[{i}])" for i in range(8)), "probabilities(0)"]
)
def test_measuring_costs_what_it_measures(item, monkeypatch):
    monkeypatch.setattr(limits, "MAX_STATEMENTS", 5_000)
    items = found(spec_text(f"{MAP}\nmeasure {', '.join([item] * 6_000)}", qubits=50))
    assert [item.code for item in items] == ["E0225"]


def test_dimensions_are_not_multiplied_out():
    many = ", ".join(["1000000"] * 20_000)
    for word in ("input", "weight"):
        assert [item.code for item in found(spec_text(f"{word} w[{many}]"))] == ["E0225"]
    assert after_map(f"weight w[{many}, 0]").num_weights == 0


def test_long_paths_of_weights_cost_their_length(monkeypatch):
    monkeypatch.setattr(limits, "MAX_STATEMENTS", 20_000)
    name = "b" * limits.MAX_NAME
    above = "\n".join(f"ansatz {name[:-2]}{i:02}() {{ ansatz {name[:-2]}{i + 1:02}() }}" for i in range(40))
    body = "repeat 1000 { weight w; ry(w) 0 }"
    text = spec_text(f"{MAP}\nansatz {name[:-2]}00()", above=f"{above}\nansatz {name[:-2]}40() {{ {body} }}")
    assert [item.code for item in found(text)] == ["E0225"]


# ---------------------------------------------------------------- mistakes and advice


@pytest.fixture
def compared(monkeypatch):
    """How many names each misspelt word was held against."""
    known = []
    real = difflib.get_close_matches
    monkeypatch.setattr(
        difflib, "get_close_matches", lambda word, names, *how: known.append(len(names)) or real(word, names, *how)
    )
    return known


NAMES = "\n".join(f"let some_constant_{i} = {i}\nansatz some_block_{i}() {{ }}" for i in range(100))


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("for i in 0..5000 { rx(some_constan_1) 0 }", "E0201"),
        ("for i in 0..70 { for j in 0..70 { rx(some_constan_1) 0 } }", "E0201"),
        ("repeat 5000 { let a = some_constan_1; rx(a) 0 }", "E0201"),
        ("repeat 5000 { if some_constan_1 == 1 { h 0 } }", "E0201"),
        ("repeat 5000 { weight w[some_constan_1]; rx(w[0]) 0 }", "E0201"),
        ("for i in 0..5000 { ansatz some_bloc_1() }", "E0202"),
        ("for i in 0..5000 { hh 0 }", "E0203"),
        ("for i in 0..5000 { rx(sine(1)) 0 }", "E0226"),
        ("for i in 0..5000 { ansatz real_amplitudes(rep: 1) }", "E0205"),
        ("for i in 0..5000 { ansatz real_amplitudes(entanglement: lineer) }", "E0206"),
        ("repeat 5000 { weight w = normall(1); rx(w) 0 }", "E0206"),
        ('for i in 0..5000 { gate("ryy_") 0 }', "E0203"),
    ],
)  # fmt: skip
def test_advice_is_worked_out_for_a_mistake_and_not_in_every_turn(body, code, compared):
    items = found(spec_text(f"{MAP}\n{body}", above=NAMES))
    assert [item.code for item in items] == [code]
    assert items[0].help
    assert sum(compared) <= 40 * limits.MAX_REFUSALS + 500


def test_advice_about_many_mistakes_is_bounded(compared, monkeypatch):
    monkeypatch.setattr(limits, "MAX_ADVICE", 3_000)
    text = spec_text(f"{MAP}\n" + "\n".join(f"rx(some_constan_{i}) 0" for i in range(500)), above=NAMES)
    items = found(text)
    assert len(items) == 500
    assert "did you mean `some_constant_0`?" in items[0].help
    assert sum(compared) <= 3_000 + 200


def test_a_mistake_in_a_loop_leaves_its_name_in_peace():
    items = found(spec_text(f"{MAP}\nfor i in 0..100 {{ let a = 1 / 0; let b = a; rx(b) 0 }}"))
    assert [item.code for item in items] == ["E0215"]


def test_a_mistake_of_some_turns_only_is_found(monkeypatch):
    monkeypatch.setattr(limits, "MAX_REFUSALS", 1)
    items = found(spec_text(f"{MAP}\nfor i in 0..100 {{ h i }}\nh 7", qubits=2))
    assert [item.code for item in items] == ["E0301", "E0301"]


def test_after_so_many_errors_nothing_more_is_looked_for(monkeypatch):
    items = found(spec_text(f"{MAP}\n" + "h 2\n" * 20_000))
    assert len(items) == limits.MAX_FOUND_ERRORS


def test_findings_keep_one_of_each_and_know_how_many_there_are():
    from hqnn_dsl.diagnostics.codes.meaning import UnknownName
    from hqnn_dsl.diagnostics.codes.warnings import UnboundedEncoder

    source, findings = Source("s", "a b"), Findings()
    for start in (2, 0, 2):
        findings.add(UnknownName(span=Span(source, start, start + 1), name="n"))
        findings.add(UnboundedEncoder(span=Span(source, start, start + 1)))
    assert len(findings) == len(findings.items) == 4
    assert [item.span.start for item in findings.items] == [0, 0, 2, 2]
    assert findings.has_errors
    assert not findings.is_full


def test_a_meter_gives_the_same_advice_at_the_same_place():
    meter, place = Meter(), Span(Source("s", "wrod"), 0, 4)
    assert meter.advice("wrod", place, lambda: ["word"]) == "did you mean `word`?"
    assert meter.advice("wrod", place, list) == "did you mean `word`?"
