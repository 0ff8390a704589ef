"""The parser's tables: made ahead from `grammar/hqnn.lark`, kept as JSON, made anew in memory when the grammar differs.

Reading a grammar takes a quarter of a second and lark; reading the tables takes a few milliseconds and neither. The
tables carry the hash of the grammar that they were made from, so an edited grammar is never parsed with old tables.
`python -m hqnn_dsl.syntax.tables` writes them.
"""

from __future__ import annotations

import hashlib
import json
from collections import deque
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lark.grammar import Rule
    from lark.parsers.lalr_analysis import IntParseTable

FOLDER: Final = Path(__file__).parent
TABLES: Final = FOLDER / "tables.json"
GRAMMARS: Final = (FOLDER / "hqnn.lark", FOLDER.parent.parent / "grammar" / "hqnn.lark")
"""Where the grammar lies: in an installed package beside this module, in a checkout beside the package."""

STARTS: Final = ("file", "value_line")
PASS, INLINE, BUILD = 0, 1, 2
"""What a reduction does: hand its only child on, join its children into a list for the rule around it, make a node."""


@dataclass(frozen=True)
class Tables:
    """An LALR(1) automaton, with the patterns and words that the lexer needs.

    A terminal is named by its text if it has one (`{`, `model`), else as in the grammar (`NAME`). `rows[state]` maps
    a terminal to a state to shift to (>= 0) or to a rule to reduce by (-1 - rule); `gotos[state]` maps a rule's origin
    to a state. A rule is (name of its builder, origin, length, PASS | INLINE | BUILD).
    """

    grammar: str
    starts: dict[str, int]
    ends: dict[str, int]
    patterns: dict[str, str]
    reserved: list[str]
    words: list[str]
    marks: list[str]
    rules: list[list[Any]]
    rows: list[dict[str, int]]
    gotos: list[dict[str, int]]


def grammar_text() -> str | None:
    """Returns the grammar beside the package, None if only the tables were installed."""
    for path in GRAMMARS:
        if path.is_file():
            return path.read_text(encoding="utf-8")
    return None


def digest(grammar: str) -> str:
    """Returns the name of a grammar's text."""
    return hashlib.sha256(grammar.encode()).hexdigest()


@cache
def load() -> Tables:
    """Returns the tables of this grammar: those kept as JSON if they were made of it, else new ones."""
    grammar = grammar_text()
    if TABLES.is_file():
        kept = Tables(**json.loads(TABLES.read_text(encoding="utf-8")))
        if grammar is None or kept.grammar == digest(grammar):
            return kept
    if grammar is None:
        raise FileNotFoundError(TABLES)
    return generate(grammar)


def generate(grammar: str) -> Tables:
    """Returns the tables of a grammar's text, by lark; a conflict raises `lark.exceptions.GrammarError`."""
    from lark import Lark, Token
    from lark.common import ParserConf
    from lark.lexer import Lexer, PatternStr
    from lark.parsers.lalr_analysis import LALR_Analyzer, Shift

    class Unused(Lexer):
        """Takes the place of lark's lexer, which is not used."""

        def __init__(self, *_: object) -> None: ...

        def lex(self, *_: object) -> Iterator[Token]:
            return iter(())

    parsed = Lark(grammar, parser="lalr", lexer=Unused, start=list(STARTS), maybe_placeholders=False)
    analyzer = LALR_Analyzer(ParserConf(parsed.rules, {}, list(STARTS)), strict=True)
    analyzer.compute_lalr()
    table = analyzer.parse_table
    literals = {item.name: item.pattern.value for item in parsed.terminals if isinstance(item.pattern, PatternStr)}
    rules = {rule: index for index, rule in enumerate(parsed.rules)}
    order = _state_order(table)
    rows: list[dict[str, int]] = []
    gotos: list[dict[str, int]] = []
    origins = {rule.origin.name for rule in parsed.rules}
    for state in order:
        row: dict[str, int] = {}
        goto: dict[str, int] = {}
        for symbol, (action, target) in sorted(table.states[state].items()):
            into = goto if symbol in origins else row
            into[literals.get(symbol, symbol)] = order[target] if action is Shift else -1 - rules[target]
        rows.append(dict(sorted(row.items())))
        gotos.append(goto)
    words = sorted(item.name for item in parsed.terminals if literals.get(item.name, "").isidentifier())
    priority = {item.name: item.priority for item in parsed.terminals}
    return Tables(
        grammar=digest(grammar),
        starts={start: order[state] for start, state in sorted(table.start_states.items())},
        ends={start: order[state] for start, state in sorted(table.end_states.items())},
        patterns={item.name: item.pattern.to_regexp() for item in parsed.terminals if item.name not in literals},
        reserved=sorted(literals[name] for name in words if priority[name]),
        words=sorted(literals[name] for name in words if not priority[name]),
        marks=sorted(
            (text for text in literals.values() if not text.isidentifier()), key=lambda text: (-len(text), text)
        ),
        rules=[_rule_row(rule) for rule in parsed.rules],
        rows=rows,
        gotos=gotos,
    )


def _rule_row(rule: Rule) -> list[Any]:
    """Returns builder, origin, length and kind of a rule of lark's."""
    origin, length = rule.origin.name, len(rule.expansion)
    hidden = origin.startswith("_")
    if rule.alias is None and length == 1 and (hidden or rule.options.expand1):
        return [origin, origin, length, PASS]
    return [rule.alias or origin, origin, length, INLINE if hidden else BUILD]


def _state_order(table: IntParseTable) -> dict[Any, int]:
    """Returns states numbered along sorted symbols from the starts: the same grammar gives the same file."""
    from lark.parsers.lalr_analysis import Shift

    order: dict[Any, int] = {}
    waiting = deque(table.start_states[start] for start in STARTS)
    while waiting:
        state = waiting.popleft()
        if state in order:
            continue
        order[state] = len(order)
        waiting.extend(target for _, (action, target) in sorted(table.states[state].items()) if action is Shift)
    return order


def as_json(tables: Tables) -> str:
    """Returns the text of `tables.json`: a line for each row, so that a change of the grammar can be read."""
    parts = []
    for key, value in asdict(tables).items():
        if isinstance(value, list):
            lines = ",\n".join(json.dumps(item, separators=(",", ":")) for item in value)
            parts.append(f'"{key}":[\n{lines}\n]')
        else:
            parts.append(f'"{key}":{json.dumps(value, separators=(",", ":"))}')
    return "{\n" + ",\n".join(parts) + "\n}\n"


def main() -> None:
    """Write `tables.json` from the grammar of this checkout."""
    grammar = grammar_text()
    if grammar is None:
        raise FileNotFoundError(GRAMMARS[-1])
    TABLES.write_text(as_json(generate(grammar)), encoding="utf-8")


if __name__ == "__main__":
    main()
