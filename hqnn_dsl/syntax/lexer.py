"""Text to tokens: one regular expression, and the rules about lines and brackets that no grammar can state.

Owns the end of a statement (a line's end outside brackets, unless a comma came before it or a `{` comes after it),
brackets that touch a name, and the depth of nesting. A mistake that is seen in the letters alone is reported once and
replaced by the token that was meant, so that the parser is not disturbed by it. Whether a word is a keyword is not
decided here: that depends on the parser's state.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING, Final

from hqnn_dsl.limits import MAX_INTEGER, MAX_NAME, MAX_NESTING, MAX_PATH
from hqnn_dsl.syntax.tokens import CLOSER, END, FOREIGN, OPERATORS, Tokens

if TYPE_CHECKING:
    from hqnn_dsl.diagnostics.source import Source
    from hqnn_dsl.syntax.spelling import Letters
    from hqnn_dsl.syntax.tables import Tables


_CONTINUES: Final = OPERATORS | {",", "not", "..", ":", "=", "(", "[", "CALL_OPEN", "INDEX_OPEN"}
"""What ends no line inside brackets: the bracket is still open after it."""
_JOINS: Final = OPERATORS | {",", "..", ":", "=", ")", "]"} | FOREIGN.keys()
"""What begins no statement: after a line end inside brackets, the bracket is still open before it."""
_ENDED: Final = frozenset(("SEP", ",", "{"))


def _pattern(tables: Tables) -> re.Pattern[str]:
    """Returns all tokens, and all that is taken for one by mistake, as one expression; blanks come before a token."""
    found = tables.patterns
    foreign = "|".join(re.escape(text) for text in sorted(FOREIGN, key=len, reverse=True)).replace("!", "!(?!=)")
    groups = {
        "PATH": found["PATH"],
        "NAME": found["NAME"],
        "BAD_NUMBER": rf"(?>{found['NUMBER']})(?:\.(?!\.)|[A-Za-z_])[A-Za-z0-9_]*|\.[0-9][A-Za-z0-9_]*",
        "NUMBER": found["NUMBER"],
        "STRING": found["STRING"],
        "LINE": r"\n",
        "COMMENT": found["COMMENT"],
        "FOREIGN": foreign,
        "MARK": "|".join(re.escape(text) for text in tables.marks),
        "SEMICOLON": ";",
        "OPEN_STRING": r'"[^\n]*',
        "QUOTED": r"'[^'\n]*'?|[“”„‟][^“”„‟\"\n]*[“”„‟\"]?|[‘’‚][^‘’‚\n]*[‘’‚]?",
        "WORD": r"[^\W\d]\w*",
        "OTHER": r"[^\s\w\x21-\x7e]+|.",
        "END": r"\Z",
    }
    tokens = "|".join(f"(?P<{key}>{text})" for key, text in groups.items())
    return re.compile(f"(?:{found['BLANK']})?(?:{tokens})", re.DOTALL)


def tokenize(source: Source, tables: Tables) -> Tokens:
    """Returns all tokens of a text, with its braces balanced. Never raises; mistakes are in `reports`."""
    lexer = _Lexer(source, tables)
    lexer.run()
    if lexer.unbalanced and not lexer.tokens.halted:
        from hqnn_dsl.syntax.braces import balance

        balance(source, lexer.tokens)
    return lexer.tokens


class _Lexer:
    """One pass over one text."""

    def __init__(self, source: Source, tables: Tables) -> None:
        self.source = source
        self.tokens = Tokens()
        self.unbalanced = False
        self._open: list[int] = []  # the brackets that are open
        self._braces = 0
        self._words = frozenset((*tables.words, *tables.reserved))
        self._named = self._words | {"NAME", "PATH"}
        self._regex = _pattern(tables)

    @cached_property
    def _letters(self) -> Letters:
        from hqnn_dsl.syntax.spelling import Letters

        return Letters(self.source, self.tokens)

    def run(self) -> None:
        """Read the whole text."""
        text, tokens = self.source.text, self.tokens
        pending = False  # whether a line ended since the last token
        for match in self._regex.finditer(text, 1 if text.startswith("\ufeff") else 0):
            group = match.lastgroup or "END"
            if group == "LINE":
                pending = True
                continue
            start, end = match.span(group)
            if group == "COMMENT":
                tokens.comments.append((start, end - text.endswith("\r", start, end)))
                continue
            if group == "END":
                break
            if pending:
                self._line_end(text[start:end])
                pending = False
            kind = self._kind(group, text[start:end], start, end)
            if kind:
                tokens.kinds.append(kind)
                tokens.starts.append(start)
                tokens.ends.append(end)
            elif tokens.halted:
                return
        self._finish()

    def _kind(self, group: str, text: str, start: int, end: int) -> str:
        """Returns the kind of token that the letters are, empty if they make none."""
        if group == "NAME":
            if len(text) > MAX_NAME:
                self._letters.long_name(start, end)
            return text if text in self._words else "NAME"
        if group == "MARK":
            return self._mark(text, start, end)
        if group == "NUMBER":
            if len(text) > 15 or "e" in text or "E" in text:
                self._check_size(text, start, end)
            return group
        if group == "PATH" and len(text) > MAX_PATH:
            self._letters.long_name(start, end)
        if group == "PATH" or (group == "STRING" and "\\" not in text):
            return group
        if group == "SEMICOLON":
            return "" if self.tokens.kinds and self.tokens.kinds[-1] in {"SEP", "{"} else "SEP"
        return self._letters.meant(group, start, end)

    def _check_size(self, text: str, start: int, end: int) -> None:
        whole = text.isdigit()
        if len(text) > 400 or (int(text) > MAX_INTEGER if whole else float(text) > 1e308):
            self._letters.too_large(start, end)

    # ------------------------------------------------------------ lines

    def _line_end(self, following: str) -> None:
        """Decide whether the line that ended before the token `following` ends a statement."""
        kinds = self.tokens.kinds
        if self._open and kinds[-1] not in _CONTINUES and following not in _JOINS:
            self._close_forgotten()
        if self._open or not kinds or kinds[-1] in _ENDED:
            return
        if following == "{" or (kinds[-1] == "}" and following == "else"):
            return
        self._virtual("SEP")

    def _virtual(self, kind: str) -> None:
        """Append a token without letters, right after the last one."""
        where = self.tokens.ends[-1] if self.tokens.ends else 0
        self.tokens.kinds.append(kind)
        self.tokens.starts.append(where)
        self.tokens.ends.append(where)

    def _close_forgotten(self) -> None:
        """Close the brackets that a line left open, up to one that is itself the last of its line."""
        tokens, text = self.tokens, self.source.text
        first = -1
        while self._open and "\n" not in text[tokens.ends[self._open[-1]] : tokens.starts[self._open[-1] + 1]]:
            first = self._open[-1]
            self._close_last()
        if first >= 0:
            self._letters.unclosed(first)

    def _close_last(self) -> None:
        self._virtual(CLOSER[self.tokens.kinds[self._open.pop()]])

    def _close_all(self) -> None:
        """Close the brackets that a brace or the end of the text found open."""
        if self._open:
            self._letters.unclosed(self._open[0])
            while self._open:
                self._close_last()

    def _finish(self) -> None:
        self._close_all()
        self.unbalanced = self.unbalanced or self._braces != 0
        self._virtual(END)

    # ------------------------------------------------------------ marks

    def _mark(self, mark: str, start: int, end: int) -> str:
        """Returns the kind of a bracket, a brace or an operator, empty if it makes no token."""
        tokens = self.tokens
        if mark in "([":
            touches = bool(tokens.ends) and tokens.ends[-1] == start and tokens.kinds[-1] in self._named
            self._open.append(len(tokens.kinds))
            if self._too_deep(start, end):
                return ""
            return {"(": "CALL_OPEN", "[": "INDEX_OPEN"}[mark] if touches else mark
        if mark in ")]":
            return mark if self._closes(mark, start, end) else ""
        if mark in "{}":
            self._close_all()
            self._braces += 1 if mark == "{" else -1
            self.unbalanced = self.unbalanced or self._braces < 0
            if self._too_deep(start, end):
                return ""
        return mark

    def _too_deep(self, start: int, end: int) -> bool:
        if len(self._open) + self._braces <= MAX_NESTING:
            return False
        self._letters.too_deep(start, end)
        self.tokens.halted = True
        return True

    def _closes(self, mark: str, start: int, end: int) -> bool:
        """Whether this closing bracket becomes a token; a wrong one is reported and replaced by the right one."""
        kinds = self.tokens.kinds
        if not self._open:
            self._letters.stray(start, end)
            return False
        top = self._open[-1]
        wanted = CLOSER[kinds[top]]
        if wanted == mark:
            self._open.pop()
            return True
        self._letters.wrong(top, start, end)
        following = self.source.text[end : end + 1]
        if following != mark and any(CLOSER[kinds[index]] == mark for index in self._open):
            while CLOSER[kinds[self._open[-1]]] != mark:
                self._close_last()
            self._open.pop()
            return True
        if following != wanted:
            self._close_last()
        return False
