"""Recovery from text that does not follow the grammar: the report, and the token to go on from.

A mistake is reported once, in the most telling words that fit. The parser goes on by reading the token as the one
meant, by putting in a missing one, or by leaving out the rest of the statement. Mistakes that follow from one reported
before in the same statement are not reported. Each way makes the parser go on by at least one token, so the end is
always reached.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, Final

from hqnn_dsl.circuit import foreign_phrases
from hqnn_dsl.diagnostics.codes import syntax as codes
from hqnn_dsl.diagnostics.codes.letters import StrayBrace, UnclosedBrace
from hqnn_dsl.diagnostics.diagnostic import Diagnostic, Note
from hqnn_dsl.diagnostics.sentences import did_you_mean
from hqnn_dsl.diagnostics.source import Span
from hqnn_dsl.limits import MAX_FOUND_MISTAKES
from hqnn_dsl.literals import quoted
from hqnn_dsl.syntax import advice, foreign_lines, places, statements
from hqnn_dsl.syntax.tokens import END, STRAY, UNKNOWN

if TYPE_CHECKING:
    from hqnn_dsl.syntax.automaton import Automaton

_COMPARISONS: Final = frozenset(("==", "!=", "<", "<=", ">", ">="))
_EDGES: Final = frozenset(("SEP", "{", "}", STRAY, END, "ERROR"))
_LETS: Final = frozenset((statements.BODY, statements.PARTS, statements.FILE))
_CLOSERS: Final = frozenset((")", "]"))
_MISSABLE: Final = ("in", "on", "qubits", "=", ":", "{")


class Recovery:
    """Reports the mistakes of one run of the automaton and goes on after them."""

    def __init__(self, run: Automaton) -> None:
        self.run = run
        self.tokens = run.tokens
        self.source = run.source
        self._mended = 0
        self._owed = 0  # opening braces that were put in; as many closing ones are too many
        self._commas: set[int] = set()  # the braces of blocks in which commas are reported
        self._quiet_until = -1  # offset up to which mistakes follow from one that is reported
        offsets = (report.span.start for report in run.tokens.reports if report.span is not None)
        self._lexical = sorted(offsets)

    def resume(self, index: int) -> int | None:
        """Report the token `index`, which cannot be read. Returns where to go on, None to give up."""
        kind = self.tokens.kinds[index]
        self._mended += 1
        if self._mended > MAX_FOUND_MISTAKES:
            return self._skip(len(self.tokens.kinds) - 1)
        if kind == UNKNOWN:
            return self._skip(index)
        for attempt in (
            self._braced,
            self._foreign,
            self._reworded,
            self._unplaced,
            self._misread,
            self._unfinished,
            self._inserted,
        ):
            resumed = attempt(index)
            if resumed is not None:
                return resumed
        if kind == "{" and self._text(self._start(index)) == "circuit":
            return self._headless(index)
        words = codes.Unexpected(
            span=self._at(index),
            expected=places.expected(self.run),
            found=places.found(self.run, index),
            notes=self._continued(index),
            hint=self._hint(index),
        )
        return self._give_up(index, words)

    def _headless(self, index: int) -> int | None:
        """A circuit without its number of qubits, which may stand as the first line in its braces."""
        tokens, start = self.tokens, self._start(index)
        text = self.source.text[tokens.starts[start] : tokens.starts[index]]
        notes: tuple[Note, ...] = ()
        if tokens.kinds[index + 1] == "qubits":
            stop = self._stop(index + 1)
            text = self.source.text[tokens.starts[start] : tokens.ends[stop - 1]]
            if "\n" in text:
                notes = (Note("this number belongs before the brace", self._span(index + 1, stop - 1)),)
            stop += tokens.kinds[stop] == "SEP"
            for row in (tokens.kinds, tokens.starts, tokens.ends):
                del row[index + 1 : stop]
        span = self._span(start, index)
        hint = f"write `{advice.circuit_head(text)}`"
        return self._give_up(index, codes.Missing(span=span, what="`on … qubits`", hint=hint, notes=notes))

    def _hint(self, index: int) -> str:
        """Returns advice for some mistakes without a diagnostic of their own."""
        kinds = self.tokens.kinds
        kind, start = kinds[index], self._start(index)
        sort, _ = places.block(self.run)
        if start == index and kind in places.GOES_ON:
            return "a line goes on only inside brackets and after a comma"
        if sort == statements.BODY and kind == "{":
            return "the statements with braces are `for`, `if` and `repeat`"
        if sort == statements.LAYERS and kinds[start] == "NAME" and (layer := advice.layer(self._line(start))):
            return f"write `{layer}`"
        if sort == statements.LAYERS and start == index - 1 and kinds[start] == "NAME" and kind in {"NUMBER", "NAME"}:
            return f"write `{self._text(start)}({self._text(index)})`"
        if kinds[index - 1] == "CALL_OPEN" and kind in {"*", "**"}:
            name = self._text(index - 2)
            example = advice.ARGUMENTS.get(name, "")
            said = "write the arguments out, with their names"
            return f"{said}: `{name}({example})`" if example else said
        if self._text(start) == "circuit" and sort == statements.PARTS:
            return f"write `{advice.circuit_head(self._line(start))}`"
        if kind == "-" and kinds[index - 1] == "*":
            return f"write `{self._text(start)} * except {advice.value_after(self.tokens, self.source, index + 1)}`"
        if sort == statements.SETTINGS and kind == ":" and kinds[start + 1] == ":":
            return f"write `{self._text(start)} {self._text(index - 1)}: …`"
        return ""

    # ------------------------------------------------------------ places

    def _text(self, index: int) -> str:
        return self.source.text[self.tokens.starts[index] : self.tokens.ends[index]]

    def _span(self, first: int, last: int) -> Span:
        return Span(self.source, self.tokens.starts[first], self.tokens.ends[last])

    def _at(self, index: int) -> Span:
        """Returns the token's span; at the end of a line or of the text, that of the token before it."""
        if self._text(index) or index == 0:
            return self._span(index, index)
        return self._span(index - 1, index - 1)

    def _line(self, index: int) -> str:
        return advice.line_of(self.source, self.tokens.starts[index])

    def _start(self, index: int) -> int:
        """The first token of the statement that `index` stands in."""
        kinds = self.tokens.kinds
        while index > 0 and kinds[index - 1] not in _EDGES:
            index -= 1
        return index

    def _stop(self, index: int) -> int:
        """The token that ends the statement, or its head, that `index` stands in."""
        kinds = self.tokens.kinds
        while kinds[index] not in _EDGES:
            index += 1
        return index

    def _continued(self, index: int) -> tuple[Note, ...]:
        """Returns a note if the token's line goes on with the one above because of a comma."""
        before = index - 1
        if before < 1:
            return ()
        for comma in (before, before - 1):
            gap = self.source.text[self.tokens.ends[comma] : self.tokens.starts[comma + 1]]
            if self.tokens.kinds[comma] == "," and "\n" in gap:
                return (Note("the statement goes on after this comma", self._span(comma, comma)),)
        return ()

    # ------------------------------------------------------------ reports

    def _is_quiet(self, index: int) -> bool:
        """Whether a mistake here follows from another one in the same statement."""
        offset = self.tokens.starts[index]
        if offset < self._quiet_until:
            return True
        begin = self.tokens.starts[self._start(index)]
        position = bisect_left(self._lexical, begin)
        return position < len(self._lexical) and self._lexical[position] <= self.tokens.starts[self._stop(index)]

    def _report(self, index: int, diagnostic: Diagnostic) -> None:
        if not self._is_quiet(index):
            self.run.reports.append(diagnostic)

    def _hush(self, index: int) -> None:
        """Say no more about the statement that `index` stands in."""
        self._quiet_until = max(self._quiet_until, self.tokens.starts[self._stop(index)])

    # ------------------------------------------------------------ ways to go on

    def _insert(self, index: int, kind: str) -> None:
        """Put a token without letters before the token `index`."""
        where = self.tokens.ends[index - 1] if index else self.tokens.starts[0]
        self.tokens.kinds.insert(index, kind)
        self.tokens.starts.insert(index, where)
        self.tokens.ends.insert(index, where)

    def _replace(self, index: int, kind: str, diagnostic: Diagnostic) -> int | None:
        """Read the token as one of another kind, if that can be read."""
        if not self.run.accepts(kind):
            return None
        self._report(index, diagnostic)
        self.tokens.kinds[index] = kind
        return index

    def _give_up(self, index: int, diagnostic: Diagnostic) -> int | None:
        self._report(index, diagnostic)
        return self._skip(index)

    def _skip(self, index: int) -> int | None:
        """Leave out text that cannot be read: a head up to its brace, or else the rest of the statement."""
        run, kinds = self.run, self.tokens.kinds
        self._hush(index)
        stop = self._stop(index)
        rest = self._end(index)
        for depth in range(len(run.states), 0, -1):
            for resumed in (stop, rest) if kinds[stop] == "{" else (rest,):
                if run.accepts("ERROR", kinds[resumed], depth=depth):
                    del run.states[depth:], run.values[depth - 1 :], run.firsts[depth - 1 :]
                    self._insert(resumed, "ERROR")
                    return resumed
        return None if kinds[index] == END else index + 1

    def _end(self, index: int) -> int:
        """The separator, closing brace or end that ends the statement of `index`, blocks in it passed over."""
        kinds = self.tokens.kinds
        depth = 0
        while kinds[index] != END:
            if kinds[index] == "{":
                depth += 1
            elif kinds[index] == "}":
                if not depth:
                    break
                depth -= 1
            elif kinds[index] == "SEP" and not depth:
                break
            index += 1
        return index

    def _braced(self, index: int) -> int | None:
        """A closing brace too many, or one too few because an opening one was put in."""
        kind = self.tokens.kinds[index]
        owed = self._owed > 0 and self.run.accepts("}")
        if kind == STRAY and not owed:
            self.run.reports.append(StrayBrace(span=self._at(index)))
            return index + 1
        if not owed or kind not in {STRAY, END}:
            return None
        self._owed -= 1
        if kind == END:
            self._insert(index, "}")
        self.tokens.kinds[index] = "}"
        return index

    def _foreign(self, index: int) -> int | None:
        """What another library writes, or a spreadsheet."""
        words = foreign_lines.words(self.run, index, self._start(index), self._stop(index))
        return None if words is None else self._give_up(index, words)

    # ------------------------------------------------------------ one token for another

    def _reworded(self, index: int) -> int | None:
        """Read a token as one of the kind that was meant."""
        meant = self._meant(index)
        return self._replace(index, *meant) if meant else None

    def _meant(self, index: int) -> tuple[str, Diagnostic] | None:  # noqa: C901 - one row a kind of token
        """Returns the kind that a token was meant as, and the diagnostic for it."""
        run, span, text = self.run, self._at(index), self._text(index)
        before = self._text(index - 1) if index else ""
        meant: tuple[str, Diagnostic] | None = None
        match self.tokens.kinds[index]:
            case "NAME" | "PATH" if run.accepts("STRING") and not run.accepts("NAME"):
                hint = f"write `{quoted(text)}`"
                words = codes.Unexpected(span=span, expected=places.expected(run), found=f"`{text}`", hint=hint)
                meant = "STRING", words
            case "PATH":
                meant = "NAME", codes.DottedName(span=span, path=text, hint=self._path_hint(index))
            case "=" if self._text(self._start(index)) == "if":
                meant = "==", codes.EqualsForComparison(span=span)
            case "=":
                value = advice.value_after(self.tokens, self.source, index + 1) or "…"
                written = f"{before} {value}" if run.accepts("NUMBER") else f"{before}: {value}"
                meant = ":", codes.EqualsForColon(span=span, name=before, hint=f"write `{written}`")
            case ":":
                meant = "=", codes.ColonForEquals(span=span)
            case "(" | "[" as bracket if self.tokens.kinds[index - 1] == "NAME":
                kind = "CALL_OPEN" if bracket == "(" else "INDEX_OPEN"
                meant = kind, codes.DetachedBracket(span=span, name=before, bracket=bracket)
            case "SEP" if text == ";" and (run.accepts(",", ")") or run.accepts(",", "]")):
                meant = ",", codes.Unexpected(span=span, expected="`,`", found="`;`")
            case "," if run.accepts("SEP") and places.block(run)[0] == statements.LAYERS:
                if self._comma_told(index):
                    self._hush(index)
                hint = "one layer a line: remove the commas"
                words = codes.Unexpected(span=span, expected=places.expected(run), found="`,`", hint=hint)
                meant = "SEP", words
            case reserved if reserved in run.tables.reserved:
                meant = "NAME", codes.ReservedWord(span=span, word=text)
        return meant

    def _comma_told(self, index: int) -> bool:
        """Whether commas were reported before in this block; from now on they are."""
        brace = next(value for value in reversed(self.run.values) if isinstance(value, int))
        told = brace in self._commas
        self._commas.add(brace)
        return told and bool(index)

    def _path_hint(self, index: int) -> str:
        """What a path of another library is here."""
        text = self._text(index)
        if self._text(self._start(index)) == "backend":
            named = foreign_phrases.backend_named(text)
            return f"write `backend {named}`" if named else "write one of the backends, such as `backend auto`"
        if self.tokens.kinds[index + 1] in {"CALL_OPEN", "("}:
            return f"write `{foreign_phrases.last(text)}(…)`, without the words before the dot"
        return f"write `{foreign_phrases.CONSTANTS[text]}`" if text in foreign_phrases.CONSTANTS else ""

    # ------------------------------------------------------------ statements in the wrong place

    def _unplaced(self, index: int) -> int | None:
        """Statements that are right elsewhere, or nowhere."""
        start = self._start(index)
        kind, word = self.tokens.kinds[start], self._text(start)
        sort, place = places.block(self.run)
        slashes = [other for other in range(start, index + 1) if self.tokens.kinds[other] == "//"]
        if slashes:
            return self._give_up(index, codes.ForeignComment(span=self._at(slashes[0]), text="//"))
        if kind == "NAME" and word in statements.STANDS and sort not in statements.STANDS[word][0]:
            if any(isinstance(report, UnclosedBrace) for report in self.tokens.reports):
                return self._skip(index)
            misplaced = codes.Misplaced(span=self._at(start), word=word, place=place, proper=statements.STANDS[word][1])
            return self._give_up(index, misplaced)
        named = kind == "NAME" or kind in self.run.tables.reserved
        later = start + 1 if start == index else index
        if named and start + 1 == later and self.tokens.kinds[later] == "=" and sort in _LETS:
            return self._give_up(index, codes.Missing(span=self._at(start), what="`let`", hint=self._let_hint(start)))
        lost = start == index and sort in {statements.FILE, statements.PARTS, statements.SWEEP, statements.FOREIGN}
        gate = sort == statements.SETTINGS and start + 1 == index and self.tokens.kinds[index] == "CALL_OPEN"
        if not named or not (lost or gate):
            return None
        words = codes.NotHere(
            span=self._at(start),
            word=word,
            place=place,
            allowed=places.allowed(sort),
            hint=did_you_mean(places.meant(word, sort)),
        )
        return self._give_up(index, words)

    def _let_hint(self, start: int) -> str:
        """The definition of a constant whose `let` is missing, or the head of the circuit for a number of qubits."""
        line = self._line(start)
        if self._text(start) in {"qubits", "num_qubits", "n_qubits", "wires"}:
            return f"write `{advice.circuit_head(line)} … }}` in `model`"
        return f"write `let {line}`"

    # ------------------------------------------------------------ statements that end too early or go on

    def _misread(self, index: int) -> int | None:
        """What was read in another sense than it was written in."""
        kinds = self.tokens.kinds
        start = self._start(index)
        if kinds[index] in _COMPARISONS and any(kinds[other] in _COMPARISONS for other in range(start, index)):
            return self._give_up(index, codes.ChainedComparison(span=self._at(index)))
        if index and kinds[index - 1] == "not" and kinds[index] in {",", "SEP", "}", END}:
            return self._give_up(index, codes.ReservedWord(span=self._at(index - 1), word="not"))
        if kinds[start] == "NAME" and start + 3 <= index and kinds[start + 1] == "(" and kinds[index - 1] == ")":
            # `ry (0.5) q`: the bracket was read as the gate's target.
            span = self._at(start + 1)
            return self._give_up(index, codes.DetachedBracket(span=span, name=self._text(start), bracket="("))
        return None

    def _unfinished(self, index: int) -> int | None:
        """Statements that end before they are complete."""
        kinds = self.tokens.kinds
        start = self._start(index)
        wanted = any(self.run.accepts(kind) for kind in ("NUMBER", "NAME", "STRING"))
        if kinds[index] not in {"SEP", "}", END} or start == index or not wanted:
            return None
        sort, _ = places.block(self.run)
        name = self._text(start)
        last = kinds[index - 1]
        applied = start == index - 1 or (kinds[start + 1] == "CALL_OPEN" and last == ")")
        if sort == statements.BODY and kinds[start] == "NAME" and applied:
            return self._give_up(index, self._targetless(start, index - 1))
        if sort == statements.SETTINGS and kinds[start] == "NAME" and (start == index - 1 or last == ":"):
            return self._give_up(index, codes.MissingValue(span=self._span(start, index - 1), name=name))
        words = codes.Unfinished(span=self._at(index), expected=places.expected(self.run), notes=self._continued(index))
        if kinds[index] == "SEP" and kinds[index + 1] != "NAME" and self.run.accepts(kinds[index + 1]):
            self._report(index, words)
            return index + 1
        return self._give_up(index, words)

    def _targetless(self, first: int, last: int) -> Diagnostic:
        from hqnn_dsl.circuit.foreign_gates import FOREIGN, advice

        span, name = self._span(first, last), self._text(first)
        hint = advice(name, (), ()) if name.replace("_", "").casefold() in FOREIGN else ""
        return codes.MissingTarget(span=span, name=name, applied=span.text, hint=hint)

    # ------------------------------------------------------------ tokens that are missing

    def _inserted(self, index: int) -> int | None:
        """Put in the one token that is missing."""
        kind = self.tokens.kinds[index]
        fitting = [word for word in _MISSABLE if self.run.accepts(word, kind)]
        if ":" in fitting and self.run.accepts(","):
            fitting.remove(":")
        if "{" in fitting and self.tokens.kinds[self._stop(index)] == "{":
            fitting.remove("{")
        if len(fitting) == 1 and not self.run.accepts("NUMBER"):
            return self._put_in(index, fitting[0])
        if kind in _EDGES or not self.run.accepts(",", kind):
            return self._separated(index)
        closing = any(self.run.accepts(closer) for closer in _CLOSERS)
        if closing or self.tokens.kinds[index + 1] in {"SEP", "}", ",", END, "INDEX_OPEN"}:
            return self._put_in(index, ",")
        return self._separated(index)

    def _put_in(self, index: int, kind: str) -> int:
        notes = self._continued(index)
        self._report(index, codes.Missing(span=self._at(index), what=f"`{kind}`", notes=notes))
        self._owed += kind == "{" and not self._closes_by_indentation(index)
        self._hush(index)
        self._insert(index, kind)
        return index

    def _closes_by_indentation(self, index: int) -> bool:
        """Close the block whose opening brace is missing before `index`, if the closing one is missing too.

        It ends before the first line that stands no deeper than its head, if that line does not close it.
        """
        kinds, starts = self.tokens.kinds, self.tokens.starts
        if kinds[index] != "SEP" or self._text(index):
            return False
        head = self.source.position(starts[self._start(index)])[1]
        for place in range(index + 1, len(kinds)):
            if kinds[place - 1] in {"SEP", "}"} and self.source.position(starts[place])[1] <= head:
                if kinds[place] in {"}", STRAY, END} or place == index + 1:
                    return False
                self._insert(place, "}")
                return True
        return False

    def _separated(self, index: int) -> int | None:
        """A statement that begins on the line of another."""
        kind = self.tokens.kinds[index]
        if kind != "NAME" or not self.run.accepts("SEP", kind):
            return None
        self._report(index, codes.MissingEnd(span=self._at(index), notes=self._continued(index)))
        self._insert(index, "SEP")
        return index
