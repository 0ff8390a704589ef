"""Statements as another library or a spreadsheet has them: one report each, with the line that is right here."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from hqnn_dsl.circuit import foreign_phrases
from hqnn_dsl.diagnostics.codes import syntax as codes
from hqnn_dsl.diagnostics.source import Span
from hqnn_dsl.syntax import advice, places, statements
from hqnn_dsl.syntax.tokens import END

if TYPE_CHECKING:
    from hqnn_dsl.diagnostics.diagnostic import Diagnostic
    from hqnn_dsl.syntax.automaton import Automaton

_IN_COLUMNS: Final = frozenset(("NAME", "NUMBER", "(", "CALL_OPEN", "PATH", ")", "-", "/", "%"))
"""What stands in columns' names that are not one plain word."""


def words(run: Automaton, index: int, start: int, stop: int) -> Diagnostic | None:
    """Returns the diagnostic of the statement `start:stop`, whose token `index` cannot be read; None if none fits."""
    statement = _Statement(run, index, start, stop)
    for find in (
        statement.per_cent, statement.column, statement.entry, statement.columns, statement.rule, statement.colon,
        statement.braces, statement.line_elsewhere,
    ):  # fmt: skip
        found = find()
        if found is not None:
            return found
    return None


@dataclass
class _Statement:
    """A statement with the token that cannot be read."""

    run: Automaton
    index: int
    start: int
    stop: int

    def __post_init__(self) -> None:
        self.tokens, self.source = self.run.tokens, self.run.source
        self.kinds = self.tokens.kinds
        self.sort, _ = places.block(self.run)
        self.word = self._text(self.start)
        self.line = advice.line_of(self.source, self.tokens.starts[self.start])

    def _text(self, index: int) -> str:
        return self.source.text[self.tokens.starts[index] : self.tokens.ends[index]]

    def _from(self, first: int) -> Span:
        """From a token to the end of the statement."""
        ends = self.tokens.ends
        return Span(self.source, self.tokens.starts[first], max(ends[self.index - 1], ends[self.stop - 1]))

    def per_cent(self) -> Diagnostic | None:
        """`15%`, if no operand follows."""
        kinds, index = self.kinds, self.index
        if index < 2 or kinds[index - 1] != "%" or kinds[index - 2] != "NUMBER" or kinds[index] == "NUMBER":
            return None
        instead = f"{float(self._text(index - 2)) / 100:g}"
        span = Span(self.source, self.tokens.starts[index - 2], self.tokens.ends[index - 1])
        return codes.PerCent(span=span, instead=instead)

    def column(self) -> Diagnostic | None:
        """`target residuary resistance`."""
        kinds, start, index = self.kinds, self.start, self.index
        if self.sort != statements.SETTINGS or self.word not in advice.COLUMNS or kinds[index] not in _IN_COLUMNS:
            return None
        if start >= index:
            return None
        first = max(place for place in range(start, index) if place == start or kinds[place] == ",") + 1
        span = self._from(first)
        goes_on = "\n" in self.source.text[self.tokens.ends[first - 1] : span.end]
        if goes_on or re.fullmatch(r"[\w.]+|[(\[*].*|.*\*.*", span.text):
            return None
        return codes.ColumnOfWords(span=span, written=advice.quoted_column(span.text))

    def entry(self) -> Diagnostic | None:
        """`stop patience 5`."""
        is_read = self.start + 2 <= self.index and self.kinds[self.index] in {"NUMBER", "NAME", ":", "SEP"}
        instead = advice.entry(self.line) if self.sort == statements.SETTINGS and is_read else ""
        if not instead:
            return None
        found, hint = f"`{self.line}`", f"write `{instead}`"
        return codes.Unexpected(span=self._from(self.start), expected="options in a bracket", found=found, hint=hint)

    def columns(self) -> Diagnostic | None:
        """`columns price: log`, without braces."""
        if self.kinds[self.start] != "columns" or self.sort != statements.SETTINGS or self.kinds[self.index] == "{":
            return None
        rest = self.line.removeprefix(self.word).lstrip(" :[").rstrip("]")
        rules = rest if ":" in rest else "price: log"
        hint = f"write `columns {{ {rules} }}`" + ("" if ":" in rest else ", columns with their rules")
        return codes.Missing(span=self._from(self.start), what="`{` of `columns`", hint=hint)

    def rule(self) -> Diagnostic | None:
        """`price` and `a b: log` and `price: category: log` in `columns`."""
        kinds, start, index = self.kinds, self.start, self.index
        if (
            self.sort != statements.COLUMNS
            or index == start
            or self.word in statements.STANDS
            or kinds[start] not in {"NAME", "STRING", "NUMBER"}
        ):
            return None
        name, _, rules = (part.strip() for part in self.line.partition(":"))
        hint, found = "", places.found(self.run, index)
        if kinds[index] in {"SEP", "}", ",", END} and index == start + 1:
            hint = f"write `{name.partition(',')[0]}: log`, a column and its rule"
        elif kinds[index] in {"NAME", "NUMBER", "(", "CALL_OPEN", "-", "/", "%"} and rules and kinds[start] == "NAME":
            if ":" not in [kinds[place] for place in range(start, index)]:
                span = Span(self.source, self.tokens.starts[start], self.tokens.starts[start] + len(name))
                return codes.ColumnOfWords(span=span, written=advice.quoted_column(name))
        elif kinds[index] == ":" and kinds[start + 1] == ":" and "," not in rules:
            hint = f"several rules are a list: write `{name}: [{', '.join(rules.split(': '))}]`"
        elif kinds[index] == "{":
            hint = f"write `{name}: log`; several rules are a list: `{name}: [median, log]`"
        if not hint:
            return None
        return codes.Unexpected(span=self._at(), expected=places.expected(self.run), found=found, hint=hint)

    def _at(self) -> Span:
        """The token that cannot be read; at the end of a line, the one before it."""
        place = self.index if self._text(self.index) else self.index - 1
        return Span(self.source, self.tokens.starts[place], self.tokens.ends[place])

    def colon(self) -> Diagnostic | None:
        """`split validation 0.15`."""
        kinds, index = self.kinds, self.index
        if self.sort != statements.SETTINGS or self.word not in advice.NAMED or index < self.start + 2:
            return None
        is_name = kinds[index - 1] == "NAME" and (index - 2 == self.start or kinds[index - 2] == ",")
        if not is_name or kinds[index] not in {"NUMBER", "STRING", "NAME", "["}:
            return None
        value = advice.value_after(self.tokens, self.source, index)
        span = Span(self.source, self.tokens.starts[index - 1], self.tokens.ends[index])
        return codes.Missing(span=span, what="`:`", hint=f"write `{self._text(index - 1)}: {value}`")

    def braces(self) -> Diagnostic | None:
        """`class_weights { a: 1, b: 2 }` and `read(delimiter: ";")`."""
        kind = self.kinds[self.index]
        if self.sort != statements.SETTINGS or self.word not in advice.NAMED or kind not in {"{", "CALL_OPEN"}:
            return None
        inside = self.source.text[self.tokens.ends[self.index] :]
        if kind == "{":
            parts = re.split(r"[;\n,]", inside.partition("}")[0])
            given = ", ".join(part.strip() for part in parts if part.strip())
        else:
            given = foreign_phrases.named(inside.partition("\n")[0].rpartition(")")[0])
        hint = f"write `{self.word} {given}`" if given and len(given) <= advice.LONGEST and "{" not in given else ""
        found = places.found(self.run, self.index)
        return codes.Unexpected(span=self._at(), expected=places.expected(self.run), found=found, hint=hint)

    def line_elsewhere(self) -> Diagnostic | None:
        """`measure_all`, `qml.RY(0.3, wires=0)`, `nn.Linear(4, 8)`, `ry(0.3, 0)`."""
        call = advice.bracketed(self.line)
        if call is None or self.kinds[self.start] not in {"NAME", "PATH"}:
            return None
        instead = self._instead(call)
        if not instead or instead == self.line:
            return None
        begin = self.tokens.starts[self.start]
        span = Span(self.source, begin, begin + len(self.line))
        leading = re.split(r"[( ]", instead, maxsplit=1)[0]
        if self.sort == statements.BODY and self.kinds[self.start] == "NAME":
            if leading not in {"measure", "feature_map", "ansatz"}:
                return codes.TargetsInBracket(span=span, name=call[0], instead=instead) if "(" in self.line else None
            if call[0] in foreign_phrases.LIBRARY_BLOCKS:
                hint = f"write `{instead}`"
                return codes.MissingTarget(span=span, name=call[0], applied=self.line, hint=hint)
        return codes.ForeignLine(span=span, word=call[0], instead=instead)

    def _instead(self, call: tuple[str, str]) -> str:
        """The line that is right here."""
        kind, is_path = self.kinds[self.index], self.kinds[self.start] == "PATH"
        if self.sort == statements.BODY:
            ends = kind in {"SEP", "}", END, "=", "CALL_OPEN", "("} or self.index == self.start
            is_known = is_path or "(" in self.line or foreign_phrases.body_line(call[0], None)
            return foreign_phrases.body_line(*call) if ends and is_known else ""
        if self.sort == statements.LAYERS and is_path:
            return foreign_phrases.layer_line(*call)
        return (
            foreign_phrases.setting_line(*call)
            if self.sort == statements.SETTINGS and (is_path or kind == "CALL_OPEN")
            else ""
        )
