"""What is said of a table that is read all the same: its form, signs and marks, comments, empty ends."""

from __future__ import annotations

from typing import ClassVar

from hqnn_dsl.diagnostics.diagnostic import Diagnostic
from hqnn_dsl.lazy import lazy_dataclass


@lazy_dataclass(frozen=True, kw_only=True)
class TruthAsNumbers(Diagnostic):
    """All cells of a column are True or False (in any case of letters); they are read as 1 and 0.

    wrong   features *      # with a column `checked` of True and False that is no feature
    right   features * except checked
    right   features *      # if 1 for True and 0 for False are meant
    """

    code: ClassVar[str] = "W0425"
    severity: ClassVar[str] = "note"
    message: ClassVar[str] = "{columns} of `{table}`: True is read as 1, False as 0"
    columns: str
    table: str


@lazy_dataclass(frozen=True, kw_only=True)
class ReadAs(Diagnostic):
    """The table is not plain CSV in UTF-8 with commas and points; how it was read is said once.

    Each part of it can be told in `data { read … }` if the guess is wrong.

        wrong   a;b                                        # read with a decimal comma: 1.5
                1,5;2
        right   read delimiter: ";", thousands: ","        # if the comma is none
    """

    code: ClassVar[str] = "W0460"
    severity: ClassVar[str] = "note"
    message: ClassVar[str] = "`{table}` is read with {parts}"
    table: str
    parts: str


@lazy_dataclass(frozen=True, kw_only=True)
class ReadAgainstTraining(Diagnostic):
    """A run reads a sign as the decimal one that stood between thousands in the table that it was trained on.

    Other numbers of the new table show that it is the decimal sign there.

        wrong   a;b                  # the training had 1,234.5 in a, and 1,234 was 1234
                1,234;0,5
        right   a,b
                1234,0.5
    """

    code: ClassVar[str] = "W0468"
    severity: ClassVar[str] = "warning"
    message: ClassVar[str] = (
        "`{column}` of `{table}` has decimal {signs}, `{value}` in {where} is {number}; the table of the training had "
        "{signs} between its thousands"
    )
    advice: ClassVar[str] = "if it means {whole}, write it without the mark"
    column: str
    table: str
    value: str
    where: str
    number: str
    signs: str
    whole: str


@lazy_dataclass(frozen=True, kw_only=True)
class PercentSigns(Diagnostic):
    """All numbers of a column have a per cent sign; the number before it is read, not its hundredth part.

    wrong   growth: 12% is thought to be 0.12
    right   growth: 12% is 12
    """

    code: ClassVar[str] = "W0461"
    severity: ClassVar[str] = "note"
    message: ClassVar[str] = "{columns} of `{table}`: the sign % is left out, {example}% is read as {example}"
    columns: str
    table: str
    example: str


@lazy_dataclass(frozen=True, kw_only=True)
class PercentSignsDiffer(Diagnostic):
    """A column has per cent signs in the table that a run reads and had none in its training, or the other way round.

    `12%` is read as 12: if the other table has shares, such as 0.12, the numbers differ by a factor of 100.

        wrong   growth: 0.12      # the training had 12%, which is 12
        right   growth: 12%
        right   growth: 12
    """

    code: ClassVar[str] = "W0469"
    severity: ClassVar[str] = "warning"
    message: ClassVar[str] = "{columns} {now}, but {then}"
    columns: str
    now: str
    then: str


@lazy_dataclass(frozen=True, kw_only=True)
class EmptyColumnLeftOut(Diagnostic):
    """All lines of the table end with a delimiter, behind which nothing stands: that is no column.

    wrong   froude,resistance,
            0.125,0.11,
    right   froude,resistance
            0.125,0.11
    """

    code: ClassVar[str] = "W0462"
    severity: ClassVar[str] = "note"
    message: ClassVar[str] = "every line of `{table}` ends with a delimiter: column {position} is empty and left out"
    table: str
    position: int


@lazy_dataclass(frozen=True, kw_only=True)
class CommentsLeftOut(Diagnostic):
    """Lines of the table are comments and left out.

    Above the names of the columns, lines that begin with `#` are taken for comments. Between the rows they are only if
    that is said.

        wrong   a table with comments between its rows
        right   data { read comment: "#" }
    """

    code: ClassVar[str] = "W0463"
    severity: ClassVar[str] = "note"
    message: ClassVar[str] = "{lines} of `{table}` {be} left out as {comments}: `{text}`"
    table: str
    lines: str
    be: str
    comments: str
    text: str
