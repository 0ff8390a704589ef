"""Text to tokens: one regular expression, and the rules about lines and brackets that no grammar can state.

Owns what ends a statement (a line's end outside brackets, unless a comma came before it or a `{` comes after it), which
brackets touch a name, how deep things nest, and the mistakes that are seen in the letters alone. Each such mistake is
reported once and replaced by the token that was meant, so that the parser is not disturbed by it. Whether a word is a
keyword is not decided here: that depends on the parser's state.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from typing import Final

from hqnn_dsl.report.codes import syntax as codes
from hqnn_dsl.report.diagnostic import Diagnostic, Note
from hqnn_dsl.report.limits import MAX_FOUND_MISTAKES, MAX_INTEGER, MAX_NESTING
from hqnn_dsl.report.source import Source, Span
from hqnn_dsl.syntax.tables import Tables

END: Final = "$END"
STRAY: Final = "STRAY"
"""The kind of a closing brace that closes nothing; the parser decides what it means."""
UNKNOWN: Final = "UNKNOWN"
"""The kind of letters that begin no token; already reported."""

CLOSER: Final = {"(": ")", "CALL_OPEN": ")", "[": "]", "INDEX_OPEN": "]"}
OPENERS_OF: Final = {")": "(", "]": "["}
FOREIGN: Final = {"&&": "and", "&": "and", "||": "or", "!": "not", "^": "**", "<>": "!="}
"""Operators of other languages, and ours."""
ESCAPES: Final = {'"': '"', "\\": "\\", "n": "\n", "t": "\t"}
_CONTINUES: Final = frozenset(", + - * / // % ** == != < <= > >= and or not .. : = ( [ CALL_OPEN INDEX_OPEN".split())
_JOINS: Final = frozenset(", + - * / // % ** == != < <= > >= and or .. : = ) ]".split())
_ENDED: Final = frozenset(("SEP", ",", "{"))


@dataclass
class Tokens:
    """Tokens as parallel lists; the last is `$END`. Spans are `starts[i]:ends[i]` of the text."""

    kinds: list[str] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    comments: list[tuple[int, int]] = field(default_factory=list)
    reports: list[Diagnostic] = field(default_factory=list)
    halted: bool = False
    """Whether the text was given up: what was read of it is of no use."""


@cache
def _pattern(
    blank: str, path: str, name: str, number: str, string: str, comment: str, marks: tuple[str, ...]
) -> re.Pattern[str]:
    """All tokens, and all that is taken for one by mistake, as one expression; blanks come before a token."""
    foreign = "|".join(re.escape(text) for text in sorted(FOREIGN, key=len, reverse=True)).replace("!", "!(?!=)")
    groups = {
        "PATH": path,
        "NAME": name,
        "BAD_NUMBER": rf"(?>{number})(?:\.(?!\.)|[A-Za-z_])[A-Za-z0-9_]*|\.[0-9][A-Za-z0-9_]*",
        "NUMBER": number,
        "STRING": string,
        "LINE": r"\n",
        "COMMENT": comment,
        "FOREIGN": foreign,
        "MARK": "|".join(re.escape(text) for text in marks),
        "SEMICOLON": ";",
        "OPEN_STRING": r'"[^\n]*',
        "QUOTED": r"'[^'\n]*'?|[“”„‟][^“”„‟\"\n]*[“”„‟\"]?|[‘’‚][^‘’‚\n]*[‘’‚]?",
        "WORD": r"[^\W\d]\w*",
        "OTHER": r"[^\s\w\x21-\x7e]+|.",
    }
    return re.compile(
        f"(?:{blank})?(?:" + "|".join(f"(?P<{key}>{text})" for key, text in groups.items()) + ")", re.DOTALL
    )


def tokenize(source: Source, tables: Tables) -> Tokens:
    """All tokens of a text, with its braces balanced. Never raises; mistakes are in `reports`."""
    from hqnn_dsl.syntax.braces import balance

    lexer = _Lexer(source, tables)
    lexer.run()
    if not lexer.tokens.halted and lexer.unbalanced:
        balance(source, lexer.tokens)
    return lexer.tokens


class _Lexer:
    """One pass over one text."""

    def __init__(self, source: Source, tables: Tables) -> None:
        self.source = source
        self.tokens = Tokens()
        self.unbalanced = False
        self._open: list[int] = []
        self._braces = 0
        self._words = frozenset((*tables.words, *tables.reserved))
        found = tables.patterns
        self._regex = _pattern(
            found["BLANK"], found["PATH"], found["NAME"], found["NUMBER"], found["STRING"], found["COMMENT"],
            tuple(tables.marks),
        )  # fmt: skip

    def span(self, start: int, end: int) -> Span:
        return Span(self.source, start, end)

    def report(self, diagnostic: Diagnostic) -> None:
        if len(self.tokens.reports) < MAX_FOUND_MISTAKES:
            self.tokens.reports.append(diagnostic)

    def run(self) -> None:
        """Read the whole text."""
        text = self.source.text
        tokens, words = self.tokens, self._words
        kinds, starts, ends = tokens.kinds, tokens.starts, tokens.ends
        pending = False  # whether a line ended since the last token
        position = 1 if text.startswith("\ufeff") else 0
        for match in self._regex.finditer(text, position):
            group = match.lastgroup
            assert group is not None
            start, end = match.span(group)
            if group == "LINE":
                pending = True
                continue
            if group == "COMMENT":
                tokens.comments.append((start, end - text.endswith("\r", start, end)))
                continue
            if pending:
                self._line_end(text, start, end)
                pending = False
            if group == "NAME":
                word = text[start:end]
                kinds.append(word if word in words else "NAME")
            elif group == "MARK":
                self._mark(text[start:end], start, end)
                if tokens.halted:
                    return
                continue
            elif group in {"NUMBER", "PATH"} or (group == "STRING" and "\\" not in text[start:end]):
                kinds.append(group)
                if group == "NUMBER":
                    self._check_size(text[start:end], start, end)
            elif group == "SEMICOLON":
                if kinds and kinds[-1] in {"SEP", "{"}:
                    continue
                kinds.append("SEP")
            else:
                kind = self._odd(group, text[start:end], start, end)
                if not kind:
                    continue
                kinds.append(kind)
            starts.append(start)
            ends.append(end)
        self._finish()

    # ------------------------------------------------------------ lines

    def _line_end(self, text: str, start: int, end: int) -> None:
        """A line ended before the token `start:end`: decide what that means."""
        tokens = self.tokens
        kinds = tokens.kinds
        if self._open:
            self._close_forgotten(text[start:end])
        if self._open or not kinds or kinds[-1] in _ENDED:
            return
        if text[start] == "{" or (kinds[-1] == "}" and text[start:end] == "else"):
            return
        self._virtual("SEP")

    def _virtual(self, kind: str) -> None:
        """Append a token without letters, right after the last one."""
        where = self.tokens.ends[-1] if self.tokens.ends else 0
        self.tokens.kinds.append(kind)
        self.tokens.starts.append(where)
        self.tokens.ends.append(where)

    def _close_forgotten(self, following: str) -> None:
        """Close brackets that a line left open where the next line, beginning with `following`, can't go on with it."""
        tokens = self.tokens
        if tokens.kinds[-1] in _CONTINUES or following in _JOINS or following in FOREIGN:
            return
        text = self.source.text
        first = self._open[-1]
        while self._open:
            top = self._open[-1]
            if "\n" in text[tokens.ends[top] : tokens.starts[top + 1]]:
                break
            first = top
            self._close_last()
        else:
            self._report_unclosed(first)
            return
        if first != self._open[-1]:
            self._report_unclosed(first)

    def _close_last(self) -> None:
        top = self._open.pop()
        self._virtual(CLOSER[self.tokens.kinds[top]])

    def _report_unclosed(self, index: int) -> None:
        start, end = self.tokens.starts[index], self.tokens.ends[index]
        bracket = self.source.text[start:end]
        self.report(codes.UnclosedBracket(span=self.span(start, end), bracket=bracket, closer=CLOSER[bracket]))

    # ------------------------------------------------------------ marks

    def _mark(self, mark: str, start: int, end: int) -> None:
        """A bracket, a brace or an operator."""
        tokens = self.tokens
        kind = mark
        if mark in "([":
            if (
                tokens.ends
                and tokens.ends[-1] == start
                and (tokens.kinds[-1] in {"NAME", "PATH"} or tokens.kinds[-1] in self._words)
            ):
                kind = "CALL_OPEN" if mark == "(" else "INDEX_OPEN"
            self._open.append(len(tokens.kinds))
            self._check_depth(start, end)
        elif mark in ")]":
            if not self._closes(mark, start, end):
                return
        elif mark in "{}":
            if self._open:
                self._report_unclosed(self._open[0])
                while self._open:
                    self._close_last()
            self._braces += 1 if mark == "{" else -1
            self.unbalanced = self.unbalanced or self._braces < 0
            self._check_depth(start, end)
        tokens.kinds.append(kind)
        tokens.starts.append(start)
        tokens.ends.append(end)

    def _check_depth(self, start: int, end: int) -> None:
        if len(self._open) + self._braces > MAX_NESTING:
            self.tokens.reports.append(codes.TooDeep(span=self.span(start, end), limit=MAX_NESTING))
            self.tokens.halted = True

    def _closes(self, mark: str, start: int, end: int) -> bool:
        """Whether this closing bracket becomes a token; one that closes nothing is reported and left out."""
        tokens = self.tokens
        if not self._open:
            self.report(codes.StrayBracket(span=self.span(start, end), bracket=mark, opener=OPENERS_OF[mark]))
            return False
        top = self._open[-1]
        wanted = CLOSER[tokens.kinds[top]]
        if wanted == mark:
            self._open.pop()
            return True
        opened = self.span(tokens.starts[top], tokens.ends[top])
        self.report(
            codes.WrongBracket(
                span=self.span(start, end), bracket=mark, wanted=wanted, notes=(Note("opened here", opened),)
            )
        )
        outer = next((index for index in reversed(self._open) if CLOSER[tokens.kinds[index]] == mark), None)
        if outer is None:
            self._open.pop()
            tokens.kinds.append(wanted)
            tokens.starts.append(start)
            tokens.ends.append(end)
            return False
        while self._open[-1] != outer:
            self._close_last()
        self._open.pop()
        return True

    def _finish(self) -> None:
        """Close what is open at the end of the text."""
        if self._open:
            self._report_unclosed(self._open[0])
            while self._open:
                self._close_last()
        self.unbalanced = self.unbalanced or self._braces != 0
        self._virtual(END)

    # ------------------------------------------------------------ what is no token of ours

    def _check_size(self, text: str, start: int, end: int) -> None:
        too_large = (
            int(text) > MAX_INTEGER if len(text) < 40 and text.isdigit() else text.isdigit() or float(text) > 1e308
        )
        if too_large:
            self.report(codes.NumberTooLarge(span=self.span(start, end)))

    def _odd(self, group: str, text: str, start: int, end: int) -> str:
        """Report what the letters `text` are, and answer the kind of token they were meant as, or nothing."""
        span = self.span(start, end)
        if group == "STRING":
            self._check_escapes(text, start)
            return "STRING"
        if group == "BAD_NUMBER":
            self.report(codes.BadNumber(span=span, text=text, instead=_mended_number(text)))
            return "NUMBER"
        if group == "OPEN_STRING":
            self.report(codes.UnterminatedString(span=self.span(start, end - text.endswith("\r"))))
            return "STRING"
        if group == "QUOTED":
            self.report(codes.WrongQuotes(span=span, quote=text[0]))
            return "STRING"
        if group == "FOREIGN":
            self.report(codes.ForeignOperator(span=span, text=text, ours=FOREIGN[text]))
            return FOREIGN[text]
        if group == "WORD":
            return self._foreign_word(start, end)
        return self._unknown(text, span)

    def _foreign_word(self, start: int, end: int) -> str:
        """A word with letters outside ASCII, possibly begun by a token that was taken for a name."""
        tokens = self.tokens
        text = self.source.text
        joined = (
            bool(tokens.ends) and tokens.ends[-1] == start and (text[start - 1].isalnum() or text[start - 1] == "_")
        )
        if joined:
            start = tokens.starts[-1]
            tokens.kinds[-1], tokens.ends[-1] = "NAME", end
        self.report(codes.ForeignName(span=self.span(start, end), text=text[start:end]))
        return "" if joined else "NAME"

    def _unknown(self, text: str, span: Span) -> str:
        tokens = self.tokens
        known = bool(tokens.kinds) and tokens.kinds[-1] == UNKNOWN
        if known and tokens.ends[-1] == span.start:
            tokens.ends[-1] = span.end
            return ""
        if self._unknown_line(span.start):
            return UNKNOWN
        shown = text[0] if text[0].isprintable() and not text[0].isspace() else f"U+{ord(text[0]):04X}"
        self.report(codes.UnknownCharacter(span=span, shown=shown))
        return UNKNOWN

    def _unknown_line(self, offset: int) -> bool:
        """Whether the last report is of an unknown character in the same line: one a line is enough."""
        last = self.tokens.reports[-1] if self.tokens.reports else None
        return (
            isinstance(last, codes.UnknownCharacter)
            and last.span is not None
            and "\n" not in self.source.text[last.span.start : offset]
        )

    def _check_escapes(self, text: str, start: int) -> None:
        for match in re.finditer(r"\\(.)", text, re.DOTALL):
            if match[1] not in ESCAPES:
                where = start + match.start()
                self.report(codes.BadEscape(span=self.span(where, where + 2), escape=match[0]))


def _mended_number(text: str) -> str:
    """What was probably meant by a malformed number."""
    plain = text.replace("_", "")
    if re.fullmatch(r"\.[0-9]+(?:[eE][0-9]+)?", plain):
        return "0" + plain
    if re.fullmatch(r"[0-9]+\.", plain):
        return plain + "0"
    if re.fullmatch(r"[0-9]+(?:\.[0-9]+)?", plain):
        return plain
    product = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)([A-Za-z]\w*)", plain)
    if product and product[2].lower() != "e" and not text.startswith("0x"):
        return f"{product[1]} * {product[2]}"
    return "0.5"
