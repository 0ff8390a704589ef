"""What texts mean: tokens, lines, keywords, precedence, spans and documentation."""

from __future__ import annotations

import pytest
from syntax.examples import ACCEPTED
from syntax.trees import bare, walk

from hqnn_dsl.diagnostics.source import Source
from hqnn_dsl.syntax import nodes
from hqnn_dsl.syntax.parser import parse, parse_value
from hqnn_dsl.syntax.printer import text_of


def read(text):
    """A text without mistakes, as a file."""
    file, reports = parse(Source("x", text))
    assert [report.headline for report in reports] == []
    return file


def body(text):
    return read("hqnn 1\nansatz a {\n" + text + "\n}").statements[0].body


def value(text):
    (argument,) = parse_value(Source("x", text))
    assert argument.name is None
    return argument.value


def shape(node):
    """An expression with all its brackets."""
    match node:
        case nodes.Binary(_, operator, left, right):
            return f"({shape(left)}{operator}{shape(right)})"
        case nodes.Unary(_, operator, operand):
            return f"({operator} {shape(operand)})"
        case nodes.Call(_, function, arguments):
            return f"{function.name}<{','.join(shape(argument.value) for argument in arguments)}>"
        case nodes.Index(_, base, indices):
            return f"{base.name}<{','.join(shape(index) for index in indices)}>"
        case nodes.Range(_, start, stop, step):
            return f"{shape(start)}..{shape(stop)}" + (f" by {shape(step)}" if step else "")
        case nodes.Name(_, name):
            return name
        case _:
            return str(node.value)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("-x ** 2", "(- (x**2))"),
        ("2 ** -x ** 3", "(2**(- (x**3)))"),
        ("a ** b ** c", "(a**(b**c))"),
        ("a - b - c", "((a-b)-c)"),
        ("a - b * c / d", "(a-((b*c)/d))"),
        ("a // b % c", "((a//b)%c)"),
        ("-a * b", "((- a)*b)"),
        ("not a == b", "(not (a==b))"),
        ("a or b and not c", "(a or(b and(not c)))".replace(" ", "").replace("not", "not ")),
        ("a + 1 < b * 2", "((a+1)<(b*2))"),
        ("0..n", "0..n"),
        ("n-1..-1 step -1", "(n-1)..(- 1) by (- 1)"),
        ("l % 2 .. qubits - 1 step 2", "(l%2)..(qubits-1) by 2"),
        ("0..8 step 2 + 1", "0..8 by (2+1)"),
        ("f(x)[0]", None),
        ("f (x)", None),
        ("x [0]", None),
        ("f(x[0], 1..2)", "f<x<0>,1..2>"),
        ("(pi - x[0]) * (pi - x[1])", "((pi-x<0>)*(pi-x<1>))"),
        ("1e-4", "0.0001"),
        ("a < b < c", None),
        ("1..2..3", None),
        (".5", None),
        ("5.", None),
        ("a.b", None),
        ("a = 3", None),
        ("a b", None),
        ("", None),
        ("(", None),
        ("a # why", None),
        ("Größe (µm)", None),
        ("not", None),
    ],
)
def test_precedence(text, wanted):
    if wanted is None:
        assert parse_value(Source("x", text)) is None
    else:
        assert shape(value(text)) == wanted


def test_numbers_are_ints_when_written_so():
    assert [type(value(text).value) for text in ("3", "0.5", "1e3", "3.0", "007")] == [int, float, float, float, int]
    assert value("9223372036854775807").value == 2**63 - 1


def test_strings():
    assert value(r'"a\"b\\c\n\t é"').value == 'a"b\\c\n\t é'
    assert value('""').value == ""


def test_a_line_of_values():
    arguments = parse_value(Source("x", ' a, "b c", lr: adamw(0.1)\n'))
    assert [argument.name.name if argument.name else None for argument in arguments] == [None, None, "lr"]
    (star,) = parse_value(Source("x", '* except name, "date"'))
    assert [bare(column) for column in star.value.excluded] == [bare(value("name")), bare(value('"date"'))]


def test_the_bracket_that_touches():
    (gate,) = body("cx (q + 1) % qubits, q")
    assert gate.call.name == "cx"
    assert [shape(target) for target in gate.targets] == ["((q+1)%qubits)", "q"]
    (gate,) = body("cx(q + 1) qubits, q")
    assert isinstance(gate.call, nodes.Call)
    (choice,) = body("if(reps > 2) { h 0 }")
    assert shape(choice.condition) == "(reps>2)"
    (loop,) = body("for q in[0, 1] { h q }")
    assert len(loop.values.items) == 2
    assert shape(value("not(a)")) == "(not a)"


def test_contextual_keywords():
    file = read(ACCEPTED["columns"])
    data, train = file.statements[0].parts
    features, target = data.settings
    assert [argument.value.name for argument in features.values[:5]] == ["in", "model", "step", "data", "for"]
    assert [argument.value.value for argument in features.values[5:]] == ["not", "Größe (µm)"]
    assert target.values[0].value.name == "from"
    assert [setting.name.name for setting in train.settings] == ["use", "let"]
    (let,) = body("let step = in + model")
    assert (let.name.name, shape(let.value)) == ("step", "(in+model)")
    (loop,) = body("for in in on..step step step { h in }")
    assert (loop.variable.name, shape(loop.values)) == ("in", "on..step by step")
    assert (
        read("hqnn 1\nmodel model { circuit circuit on 2 qubits { h 0 } }").statements[0].parts[0].name.name
        == "circuit"
    )


@pytest.mark.parametrize(
    "text",
    [
        "h 0\nx 1", "h 0; x 1", "h 0;; x 1;", "\n\nh 0 # why\n\n# and\nx 1\n", "h(\n) 0\nx 1", "h 0\r\nx 1\r\n",
        "h\t0\n\tx 1",
    ],
)  # fmt: skip
def test_statements_end_with_their_lines(text):
    text = text.replace("h(\n)", "h()")
    assert [statement.targets[0].value for statement in body(text)] == [0, 1]


def test_lines_go_on():
    (gate,) = body("u(0.1,\n  -x[\n0],   # why\n\n  pi / 2\n  * 2\n) 0,\n  1,\n\n  2")
    assert len(gate.targets) == 3
    assert len(gate.call.arguments) == 3
    (loop,) = body("for q in 0..2\n\n# here\n{\n h q\n}")
    assert len(loop.body) == 1
    (choice,) = body("if a { h 0 }\n# otherwise\nelse if b { h 1 }\nelse { h 2 }")
    assert choice.otherwise[0].otherwise[0].targets[0].value == 2


def test_separators_are_optional_before_keywords():
    statements = body(
        "repeat 3 { feature_map angle() ansatz brickwork(reps: 1) } for q in 0..2 { h q } x 0 measure z freeze w"
    )
    assert [type(statement).__name__ for statement in statements] == ["Repeat", "For", "Gate", "Measure", "Freeze"]
    assert len(statements[0].body) == 2


def test_settings_and_pairs():
    file = read(
        "hqnn 1\nmodel m { budget { circuits: 20, shots: 4 } "
        "data { split test: 0.15, seed: 7; target: a, b, task: c } }"
    )
    budget, data = file.statements[0].parts
    assert [(setting.name.name, setting.values[0].value.value) for setting in budget.settings] == [
        ("circuits", 20),
        ("shots", 4),
    ]
    split, target, task = data.settings
    assert [argument.name.name for argument in split.values] == ["test", "seed"]
    assert [argument.value.name for argument in target.values] == ["a", "b"]
    assert [setting.span.text for setting in data.settings] == ["split test: 0.15, seed: 7", "target: a, b", "task: c"]
    assert task.values[0].name is None


def test_paths():
    initial, warm, freeze = body(
        'initial repeat.0.brickwork.w normal(0.1)\ninitial weights from "runs/a"\nfreeze repeat'
    )
    assert (initial.path.text, warm.path.text, freeze.path.text) == ("repeat.0.brickwork.w", "weights", "repeat")
    assert (warm.how.function.name, warm.how.arguments[0].value.value) == ("from", "runs/a")


def test_several_tensors_and_placements():
    statements = body(
        "weight w[reps, 2] = normal(0.1), b, c = 0\ninput x[qubits], y\nfeature_map angle() on x[4..8], 0..4 step 2, 7"
    )
    assert [type(statement).__name__ for statement in statements] == ["Weight"] * 3 + ["Input"] * 2 + ["BlockUse"]
    assert [statement.span.text for statement in statements[:5]] == [
        "w[reps, 2] = normal(0.1)",
        "b",
        "c = 0",
        "x[qubits]",
        "y",
    ]
    assert [shape(item) for item in statements[5].on] == ["x<4..8>", "0..4 by 2", "7"]


def test_documentation():
    file = read(
        "hqnn 1\n## a constant\nlet a = 1\n\n## not above\n\nlet b = 2\n# plain\nlet c = 3\n"
        "##   two\n##\n## lines\nmodel m { }\n## the block\n"
        "ansatz f(\n  ## how many\n  reps: int = 1, x: int) { ## inside\n  ## local\n  let d = 1\n}"
    )
    a, b, c, model, block = file.statements
    assert (a.doc, b.doc, c.doc) == ("a constant", "", "")
    assert model.doc == "  two\n\nlines"
    assert block.doc == "the block"
    assert [parameter.doc for parameter in block.parameters] == ["how many", ""]
    assert block.body[0].doc == "local"
    assert [comment.span.text for comment in file.comments][:3] == ["## a constant", "## not above", "# plain"]


@pytest.mark.parametrize("name", ACCEPTED)
def test_spans_are_exact(name):
    """The text of a node's span reads as that node again, or begins and ends with what it is made of."""
    file = read(ACCEPTED[name])
    checked = 0
    assert file.span.text == ACCEPTED[name]
    for node in walk((file.version, file.statements, file.comments)):
        text = node.span.text
        assert text == text.strip(" \t\r\n;"), text
        match node:
            case nodes.Name(_, written):
                assert text.strip('"') == written
            case nodes.Path(_, written):
                assert text == written
            case nodes.Number(_, number):
                assert float(text) == number
            case nodes.Comment():
                assert text.startswith("#")
            case nodes.Binary() | nodes.Unary() | nodes.Call() | nodes.Index() | nodes.ListLiteral() | nodes.Range():
                if not text.startswith("from"):
                    assert bare(value(text)) == bare(node)
            case (
                nodes.Settings()
                | nodes.Layers()
                | nodes.Circuit()
                | nodes.Parts()
                | nodes.Sweep()
                | nodes.Model()
                | nodes.Block()
            ):
                assert text.endswith("}")
        if isinstance(node, (nodes.Circuit, nodes.Model, nodes.Block)):
            assert text.startswith(node.head.text)
            assert text[len(node.head.text) :].lstrip(" \r\n\t").startswith("{")
        checked += 1
    assert checked > 15


def test_brackets_around_a_value_belong_to_what_is_around_them():
    node = value("(a + b) * (c)")
    assert node.span.text == "(a + b) * (c)"
    assert (node.left.span.text, node.right.span.text) == ("a + b", "c")


def test_the_version_is_a_number_of_the_file():
    assert read("hqnn 1\n").version.value == 1
    assert read("# first\n\nhqnn 1; let a = 1").version.span.text == "1"


def test_rules_of_a_column_may_stand_without_brackets():
    file = read("hqnn 1\nmodel m { data { columns { a: days, month, b: [log]; c: none,\n d: [log], median } } }\n")
    (setting,) = file.statements[0].parts[0].settings
    assert text_of(setting) == "columns {\n  a: [days, month]\n  b: [log]\n  c: none\n  d: [log, median]\n}"
    assert [value.span.text for value in setting.values] == [
        "a: days, month",
        "b: [log]",
        "c: none",
        "d: [log], median",
    ]


def test_labels_are_names_whatever_they_are_made_of():
    file = read('hqnn 1\nmodel m { train { class_weights a: 1, "b \\" c": 2, 0: 3, true: 4 } }\n')
    (setting,) = file.statements[0].parts[0].settings
    assert [value.name.name for value in setting.values] == ["a", 'b " c', "0", "true"]
    assert text_of(setting) == 'class_weights a: 1, "b \\" c": 2, "0": 3, "true": 4'
