"""Letters, brackets and sizes: reports of a text that cannot be taken apart into words (E010x, E011x, E015x)."""

from __future__ import annotations

from hqnn_dsl.diagnostics.diagnostic import Diagnostic
from hqnn_dsl.lazy import lazy_dataclass


@lazy_dataclass(frozen=True, kw_only=True)
class UnknownCharacter(Diagnostic):
    """A character begins no name, number, string, bracket or operator.

    wrong   let rate = 5 @ 2
    right   let rate = 5 * 2
    """

    code = "E0101"
    message = "`{shown}` means nothing in this language"
    label = "unknown character"
    advice = "remove it; text with such letters stands in double quotes"
    shown: str


@lazy_dataclass(frozen=True, kw_only=True)
class UnterminatedString(Diagnostic):
    r"""A string begins and ends with a double quote on one line. Inside, `\"` is a quote and `\n` a line end.

    wrong   target "Size (mm)
    right   target "Size (mm)"
    """

    code = "E0102"
    message = "the string is not closed on its line"
    label = "opened here"
    advice = 'end it with `"` on the same line; a line end inside a string is written `\\n`'


@lazy_dataclass(frozen=True, kw_only=True)
class BadEscape(Diagnostic):
    r"""In a string a backslash begins one of four escapes: `\"`, `\\`, `\n` (line end) and `\t` (tab).

    wrong   use "blocks\my.hqnn"
    right   use "blocks/my.hqnn"
    """

    code = "E0103"
    message = "`{escape}` is no escape"
    label = "unknown escape"
    advice = 'the escapes are `\\"`, `\\\\`, `\\n` and `\\t`; a backslash itself is written `\\\\`'
    escape: str


@lazy_dataclass(frozen=True, kw_only=True)
class BadNumber(Diagnostic):
    """A number has digits on both sides of its dot and nothing touches it, so that `0..n` can be a range.

    wrong   rx(.5) 0; ry(5.) 0; rz(2pi) 0
    right   rx(0.5) 0; ry(5.0) 0; rz(2 * pi) 0
    """

    code = "E0104"
    message = "`{text}` is not a number"
    label = "not a number"
    advice = "a number is `3`, `0.5` or `1e-4`, never `.5` or `5.`; write `{instead}`"
    text: str
    instead: str


@lazy_dataclass(frozen=True, kw_only=True)
class WrongQuotes(Diagnostic):
    """Strings are written with the plain double quote. Single quotes and the curved quotes of word processors mean
    nothing.

        wrong   target 'yield'
        right   target "yield"
    """

    code = "E0105"
    message = "a string stands in double quotes, not in `{quote}`"
    label = "other quotes"
    advice = 'write `"` on both sides'
    quote: str


@lazy_dataclass(frozen=True, kw_only=True)
class ForeignOperator(Diagnostic):
    """Operators are Python's: `and`, `or`, `not`, `**` for powers, `==` and `!=` to compare.

    wrong   if a && !b { h 0 }
    right   if a and not b { h 0 }
    """

    code = "E0106"
    message = "`{text}` is no operator of this language"
    label = "another language's operator"
    advice = "write `{ours}`"
    text: str
    ours: str


@lazy_dataclass(frozen=True, kw_only=True)
class ForeignName(Diagnostic):
    """Names are made of ASCII letters, digits and `_`. Columns with other names are quoted.

    wrong   target Größe
    right   target "Größe"
    """

    code = "E0107"
    message = "the name `{text}` has letters outside ASCII"
    label = "not a name"
    advice = 'a name has ASCII letters, digits and `_`; a column is quoted: `"{text}"`'
    text: str


@lazy_dataclass(frozen=True, kw_only=True)
class NumberTooLarge(Diagnostic):
    """Whole numbers are at most 2^63 - 1 and other numbers at most 1e308, the largest that are computed with exactly.

    wrong   let huge = 1e999
    right   let huge = 1e300
    """

    code = "E0108"
    message = "the number is too large"
    label = "too large"
    advice = "whole numbers go up to 9223372036854775807, others to 1e308"


@lazy_dataclass(frozen=True, kw_only=True)
class UnclosedBrace(Diagnostic):
    """An opening brace has no closing one. Which one it is, is guessed from the indentation: the first block after
    which a line stands no deeper than the line with its brace.

        wrong   data {      # never closed
                  target y
                encoder { dense(4) }
        right   data {
                  target y
                }
                encoder { dense(4) }
    """

    code = "E0110"
    message = "this brace is not closed"
    label = "opened here"
    advice = "add `}}` at the end of the block"


@lazy_dataclass(frozen=True, kw_only=True)
class StrayBrace(Diagnostic):
    """There are more closing braces than opening ones.

    wrong   data { target y } }
    right   data { target y }
    """

    code = "E0111"
    message = "this `}}` closes nothing"
    label = "nothing is open here"
    advice = "remove it, or add the missing `{{` before the block"


@lazy_dataclass(frozen=True, kw_only=True)
class UnclosedBracket(Diagnostic):
    """A round or square bracket is not closed before the statement or the block around it ends.

    wrong   dense(16
            silu
    right   dense(16)
            silu
    """

    code = "E0112"
    message = "this `{bracket}` is not closed"
    label = "opened here"
    advice = "add `{closer}` at its end; a line goes on inside brackets only after a comma or an operator"
    bracket: str
    closer: str


@lazy_dataclass(frozen=True, kw_only=True)
class StrayBracket(Diagnostic):
    """A closing bracket stands without an open one.

    wrong   dense(16))
    right   dense(16)
    """

    code = "E0113"
    message = "this `{bracket}` closes nothing"
    label = "nothing is open here"
    advice = "remove it, or add the missing `{opener}` before it"
    bracket: str
    opener: str


@lazy_dataclass(frozen=True, kw_only=True)
class WrongBracket(Diagnostic):
    """A bracket is closed by one of its own kind.

    wrong   ry(w[q)) 0
    right   ry(w[q]) 0
    """

    code = "E0114"
    message = "`{bracket}` closes the wrong kind of bracket"
    label = "`{wanted}` expected"
    advice = "write `{wanted}`"
    bracket: str
    wanted: str


@lazy_dataclass(frozen=True, kw_only=True)
class TooDeep(Diagnostic):
    """Brackets and braces are open inside each other at more places than the limit, which guards the compiler's own
    stack.

        wrong   let a = ((((1 + …))))      # more than 64 brackets inside each other
        right   let part = 1 + …
                let a = 2 * part
    """

    code = "E0150"
    message = "brackets and braces are nested more than {limit} deep"
    label = "too deep"
    advice = "name parts of it with `let`, or make it a block"
    limit: int


@lazy_dataclass(frozen=True, kw_only=True)
class TooComplex(Diagnostic):
    """Operators, calls and `else if` stand inside each other more often than the limit, which guards the compiler's
    own stack. In `a + b + c` the first sum stands inside the second.

        wrong   let a = b + b + b + …      # a sum of more than 200 terms
        right   let first = b + b + …
                let a = first + b + …
    """

    code = "E0151"
    message = "the expression is more than {limit} operators deep"
    label = "too deep"
    advice = "name parts of it with `let`; a long sum of observables is several outputs or several `let`s"
    limit: int


@lazy_dataclass(frozen=True, kw_only=True)
class TooLong(Diagnostic):
    """A source file is larger than the limit, so it is not read. Data belong in tables, not in specs.

    wrong   ry(0.1) 0; ry(0.1) 1; …               # a generated file of two megabytes
    right   for q in 0..qubits { ry(0.1) q }      # the same circuit with loops
    """

    code = "E0152"
    message = "the text has {size} bytes, more than {limit}"
    advice = "move blocks into files of their own and bring them in with `use`"
    size: int
    limit: int


@lazy_dataclass(frozen=True, kw_only=True)
class MoreMistakes(Diagnostic):
    """So many mistakes were found in a file that the rest are only counted.

    wrong   hqnn check paper.tex      # a file of another language
    right   hqnn check spec.hqnn      # a file that begins with `hqnn 1`
    """

    code = "E0153"
    message = "{count} more mistakes in this file are not shown"
    advice = "correct those above first: one mistake can cause others"
    count: int


@lazy_dataclass(frozen=True, kw_only=True)
class NameTooLong(Diagnostic):
    """A name has at most 255 characters, a path of names (`real_amplitudes.w`) at most 4,096.

    A column with a longer name stands in double quotes.

        wrong   let an_angle_that_says_all_that_can_be_said_of_it_in_many_hundreds_of_letters_… = 1
        right   let an_angle = 1
    """

    code = "E0154"
    message = "a name of {size} characters is too long"
    label = "255 are the most of a name, 4,096 of a path"
    advice = "shorten it; the name of a column may stand in double quotes"
    size: int
