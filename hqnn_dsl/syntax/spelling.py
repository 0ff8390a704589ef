"""Mistakes that the letters alone show, without the grammar: the report of each, and the token that was meant.

Imported by the lexer only once it meets one, so that a text without mistakes pays for none of it.
"""

from __future__ import annotations

import re
from typing import Final

from hqnn_dsl.circuit.foreign_phrases import GREEK, SIGNS
from hqnn_dsl.diagnostics.codes.letters import (
    BadEscape,
    BadNumber,
    ForeignName,
    ForeignOperator,
    NameTooLong,
    NumberTooLarge,
    StrayBracket,
    TooDeep,
    UnclosedBracket,
    UnknownCharacter,
    UnterminatedString,
    WrongBracket,
    WrongQuotes,
)
from hqnn_dsl.diagnostics.diagnostic import Diagnostic, Note
from hqnn_dsl.diagnostics.source import Source, Span
from hqnn_dsl.limits import MAX_FOUND_MISTAKES, MAX_NAME, MAX_NESTING
from hqnn_dsl.literals import ESCAPES, quoted
from hqnn_dsl.syntax.tokens import CLOSER, FOREIGN, UNKNOWN, Tokens

_OPENER: Final = {")": "(", "]": "["}


class Letters:
    """Reports the mistakes in the letters of one text, each once."""

    def __init__(self, source: Source, tokens: Tokens) -> None:
        self.source = source
        self.tokens = tokens
        self._known_until = 0  # the end of the line in which an unknown character was reported: one a line is enough
        self._torn = -1  # the start of the last string that is not closed: brackets before it may end in it

    def _span(self, start: int, end: int) -> Span:
        return Span(self.source, start, end)

    def _report(self, diagnostic: Diagnostic) -> None:
        if len(self.tokens.reports) < MAX_FOUND_MISTAKES:
            self.tokens.reports.append(diagnostic)

    # ------------------------------------------------------------ brackets

    def unclosed(self, index: int) -> None:
        """The opening bracket `index` is closed nowhere."""
        start, end = self.tokens.starts[index], self.tokens.ends[index]
        if start < self._torn:
            return
        bracket = self.source.text[start:end]
        self._report(UnclosedBracket(span=self._span(start, end), bracket=bracket, closer=CLOSER[bracket]))

    def stray(self, start: int, end: int) -> None:
        """A closing bracket closes nothing."""
        bracket = self.source.text[start:end]
        self._report(StrayBracket(span=self._span(start, end), bracket=bracket, opener=_OPENER[bracket]))

    def wrong(self, opener: int, start: int, end: int) -> None:
        """A closing bracket is not of the kind of the one that is open, the token `opener`."""
        opened = self._span(self.tokens.starts[opener], self.tokens.ends[opener])
        words = WrongBracket(
            span=self._span(start, end),
            bracket=self.source.text[start:end],
            wanted=CLOSER[opened.text],
            notes=(Note("opened here", opened),),
        )
        self._report(words)

    def too_deep(self, start: int, end: int) -> None:
        """A bracket or brace opens one level too many; always kept, since the text is given up."""
        self.tokens.reports.append(TooDeep(span=self._span(start, end), limit=MAX_NESTING))

    # ------------------------------------------------------------ tokens

    def long_name(self, start: int, end: int) -> None:
        """A name, or a path of names, has more letters than any that is meant; read all the same."""
        self._report(NameTooLong(span=self._span(start, end), size=end - start))

    def too_large(self, start: int, end: int) -> None:
        """A number is beyond the limits of computing."""
        self._report(NumberTooLarge(span=self._span(start, end)))

    def meant(self, group: str, start: int, end: int) -> str:
        """Report the letters `start:end`. Returns the kind of token that was meant, or an empty text."""
        readers = {
            "STRING": self._string,
            "OPEN_STRING": self._open_string,
            "QUOTED": self._quoted,
            "BAD_NUMBER": self._number,
            "FOREIGN": self._operator,
            "WORD": self._word,
            "OTHER": self._other,
        }
        return readers[group](start, end)

    def _string(self, start: int, end: int) -> str:
        for match in re.compile(r"\\(.)", re.DOTALL).finditer(self.source.text, start, end):
            if match[1] not in ESCAPES:
                self._report(BadEscape(span=self._span(*match.span()), escape=match[0]))
        return "STRING"

    def _open_string(self, start: int, end: int) -> str:
        self._torn = start
        end -= self.source.text.endswith("\r", start, end)
        self._report(UnterminatedString(span=self._span(start, end)))
        return "STRING"

    def _quoted(self, start: int, end: int) -> str:
        text = self.source.text[start:end]
        inside = text[1:-1]
        is_closed = len(text) > 1 and not text[-1].isalnum() and '"' not in inside and "\\" not in inside
        hint = f"write `{quoted(inside)}`" if is_closed else ""
        self._report(WrongQuotes(span=self._span(start, end), quote=text[0], hint=hint))
        return "STRING"

    def _number(self, start: int, end: int) -> str:
        span = self._span(start, end)
        self._report(BadNumber(span=span, text=span.text, instead=corrected_number(span.text)))
        return "NUMBER"

    def _operator(self, start: int, end: int) -> str:
        span = self._span(start, end)
        self._report(ForeignOperator(span=span, text=span.text, ours=FOREIGN[span.text]))
        return FOREIGN[span.text]

    def _word(self, start: int, end: int) -> str:
        """A word with letters outside ASCII, possibly begun by a token that was taken for a name."""
        tokens, text = self.tokens, self.source.text
        joined = (
            bool(tokens.ends) and tokens.ends[-1] == start and (text[start - 1].isalnum() or text[start - 1] == "_")
        )
        if joined:
            start = tokens.starts[-1]
            tokens.kinds[-1], tokens.ends[-1] = "NAME", end
        if end - start > MAX_NAME:
            self.long_name(start, end)
        else:
            self._report(
                ForeignName(span=self._span(start, end), text=text[start:end], hint=_in_ascii(text[start:end]))
            )
        return "" if joined else "NAME"

    def _other(self, start: int, end: int) -> str:
        tokens, text = self.tokens, self.source.text
        if tokens.kinds and tokens.kinds[-1] == UNKNOWN and tokens.ends[-1] == start:
            tokens.ends[-1] = end
            return ""
        if start >= self._known_until:
            line_end = text.find("\n", end)
            self._known_until = len(text) if line_end < 0 else line_end
            letter = text[start]
            shown = letter if letter.isprintable() and not letter.isspace() else f"U+{ord(letter):04X}"
            hint = f"write `{SIGNS[letter]}`" if letter in SIGNS else ""
            self._report(UnknownCharacter(span=self._span(start, end), shown=shown, hint=hint))
        return UNKNOWN


def _in_ascii(name: str) -> str:
    """Returns advice for a name with Greek letters, empty if it has others."""
    number = re.match(r"\d*", name)
    assert number is not None
    rest = "".join(GREEK.get(letter, letter) for letter in name[number.end() :])
    if not re.fullmatch(r"[A-Za-z_]\w*", rest, re.ASCII):
        return ""
    return f"write `{number[0]} * {rest}`" if number[0] else f"write `{rest}`"


def corrected_number(text: str) -> str:
    """Returns the number that was probably meant by a malformed one."""
    plain = text.replace("_", "")
    if re.fullmatch(r"\.[0-9]+", plain):
        return "0" + plain
    if re.fullmatch(r"[0-9]+\.", plain):
        return plain + "0"
    if re.fullmatch(r"[0-9]+(?:\.[0-9]+)?", plain):
        return plain
    product = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)([A-Za-z]\w*)", plain)
    if product and product[2].lower() != "e" and not text.startswith("0x"):
        return f"{product[1]} * {product[2]}"
    return "0.5"
