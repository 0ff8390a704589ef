"""What keeps a file or an object from being a table, beside E0501 to E0508, and cells that a float cannot hold."""

from __future__ import annotations

from typing import ClassVar

from hqnn_dsl.diagnostics.diagnostic import Diagnostic
from hqnn_dsl.lazy import lazy_dataclass


@lazy_dataclass(frozen=True, kw_only=True)
class MixedTruth(Diagnostic):
    """A column has True or False in some rows and something else in others.

    True and False in all rows of a column are read as 1 and 0.

        wrong   fragile,price
                True,10
                0.5,12
        right   fragile,price
                1,10
                0.5,12
    """

    code: ClassVar[str] = "E0524"
    message: ClassVar[str] = "the {role} `{column}` is {most} in most rows, but `{value}` in {where}"
    advice: ClassVar[str] = "write 1 for True and 0 for False in all rows, or True or False in all of them"
    role: str
    column: str
    most: str
    value: str
    where: str


@lazy_dataclass(frozen=True, kw_only=True)
class DigitsLost(Diagnostic):
    """A column has different numbers that become the same one when they are read as floats.

    A float has about 16 digits: above 9,007,199,254,740,992 (2 to the power of 53) it cannot tell neighbouring whole
    numbers apart. Most often such a column numbers the rows and is no feature; times in nanoseconds are another case.

        wrong   features *                     # with an identifier such as 1152921504606846977
        right   features * except order_id
        right   (the smallest value subtracted from the column, in the table)
    """

    code: ClassVar[str] = "E0525"
    message: ClassVar[str] = "the {role} `{column}` has numbers that a float cannot tell apart: {values} in {where}"
    advice: ClassVar[str] = "{leave}subtract a number from the whole column so that it has at most 15 digits"
    role: str
    column: str
    values: str
    where: str
    leave: str


@lazy_dataclass(frozen=True, kw_only=True)
class NotATable(Diagnostic):
    """Python's `hqnn.train`, `predict` or `evaluate` is given something else than a path or a frame of pandas.

    wrong   hqnn.train(program, {"x": [1, 2], "y": [3, 4]})
    right   hqnn.train(program, pandas.DataFrame({"x": [1, 2], "y": [3, 4]}))
    right   hqnn.train(program, "data.csv")
    """

    code: ClassVar[str] = "E0526"
    message: ClassVar[str] = "a table is the path of a CSV file or a frame of pandas, not {what}"
    advice: ClassVar[str] = "make a frame of it: `{call}`"
    what: str
    call: str


@lazy_dataclass(frozen=True, kw_only=True)
class NestedColumns(Diagnostic):
    """The columns of a frame have names in several levels (a MultiIndex); a spec names a column by one name.

    wrong   frame.pivot(index="day", columns="sensor")
    right   frame.columns = ["_".join(map(str, name)) for name in frame.columns]
    """

    code: ClassVar[str] = "E0527"
    message: ClassVar[str] = "the columns of {table} have {levels} levels of names, such as {example} in column 1"
    advice: ClassVar[str] = 'join them: `frame.columns = ["_".join(map(str, name)) for name in frame.columns]`'
    table: str
    levels: int
    example: str


@lazy_dataclass(frozen=True, kw_only=True)
class CommentLine(Diagnostic):
    """A line of the table begins with `#`. CSV has no comments: the line would be the header, or a row.

    wrong   # exported on Monday
            froude,resistance
            0.125,0.11
    right   froude,resistance
            0.125,0.11
    """

    code: ClassVar[str] = "E0528"
    message: ClassVar[str] = "line {line} of `{table}` is a comment, which a table cannot have: `{text}`"
    advice: ClassVar[str] = "take it out: `{command}`"
    table: str
    line: int
    text: str
    command: str


@lazy_dataclass(frozen=True, kw_only=True)
class OtherForm(Diagnostic):
    """The file is text, but no CSV: JSON, a web page, or a table of another program.

    wrong   hqnn train model.hqnn data.json
    right   hqnn train model.hqnn data.csv
    """

    code: ClassVar[str] = "E0529"
    message: ClassVar[str] = "`{table}` is {form}, not a table in CSV"
    advice: ClassVar[str] = "a table is one line of column names, then one line a row, with commas between cells"
    table: str
    form: str


@lazy_dataclass(frozen=True, kw_only=True)
class TableTooLarge(Diagnostic):
    """The table is larger than the memory that is free here; a table is read as a whole.

    wrong   a file of 100 GB on a machine with 16 GB
    right   the rows or columns that are needed
    """

    code: ClassVar[str] = "E0553"
    message: ClassVar[str] = "the table `{table}` has {size} and does not fit into memory"
    advice: ClassVar[str] = "leave out columns or rows that are not needed"
    exit_code: ClassVar[int] = 3
    table: str
    size: str


@lazy_dataclass(frozen=True, kw_only=True)
class SingleTooCoarse(Diagnostic):
    """The values of a column differ so little that single precision makes equal ones of them, with `scale …: none`.

    A float of single precision has about 7 digits: 1600000001 and 1600000002 are the same number.

        wrong   scale features: none           # and a column of seconds since 1970
        right   scale features: standard
        right   precision double
    """

    code: ClassVar[str] = "E0554"
    message: ClassVar[str] = "in single precision, the {found} values of `{column}` become {left}"
    advice: ClassVar[str] = "write `scale {part}: standard`, or `precision double`, or subtract a number in the table"
    column: str
    part: str
    found: int
    left: int


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
