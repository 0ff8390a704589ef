"""What keeps a file or an object from being a table, beside E0501 to E0508, and cells that a float cannot hold.

Also what is said of a table whose form was guessed.
"""

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
class NotTruth(Diagnostic):
    """A feature was True or False in the training of a run, and is another number in the table that the run reads.

    True is read as 1 and False as 0; these two numbers are taken as well.

        wrong   fragile      # True and False in the training
                2
        right   fragile
                1
        right   fragile
                True
    """

    code: ClassVar[str] = "E0567"
    message: ClassVar[str] = "the feature `{column}` was True or False in the training, and is {value} in {where}"
    advice: ClassVar[str] = "write True or False in these cells, or 1 or 0"
    column: str
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
    """A line of the table begins with `#` and is not taken for a comment without being told so.

    Comments above the names of the columns are left out (W0463), unless the last of them may be the names themselves.
    Between rows a line is one only if that is said.

        wrong   froude,resistance
                0.125,0.11
                # second day
                0.15,0.27
        right   data { read comment: "#" }
    """

    code: ClassVar[str] = "E0528"
    message: ClassVar[str] = "line {line} of `{table}` is a comment in the place of a row or of names: `{text}`"
    advice: ClassVar[str] = 'write `read comment: "#"` in `data {{ }}`, or take it out'
    table: str
    line: int
    text: str


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
class ReadContradicts(Diagnostic):
    """An option of `data { read … }` says something of the file that the file shows to be wrong.

    Without the option the form of the table is found out from its first lines, and said.

        wrong   read delimiter: ","            # of a file with semicolons between its columns
        right   read delimiter: ";"
        right   (no `delimiter`)
    """

    code: ClassVar[str] = "E0560"
    message: ClassVar[str] = "`read {option}` does not fit `{table}`: {found}"
    advice: ClassVar[str] = "take `{name}` out of `data {{ read … }}`, or write `{name}: {instead}`"
    option: str
    table: str
    found: str
    name: str
    instead: str


@lazy_dataclass(frozen=True, kw_only=True)
class ReadOption(Diagnostic):
    """An option of `data { read … }` has a value that no table can be read with.

    wrong   read encoding: "utf-99"
    right   read encoding: "utf-16"
    wrong   read decimal: ",", thousands: ","
    right   read decimal: ",", thousands: "."
    """

    code: ClassVar[str] = "E0561"
    message: ClassVar[str] = "`read {option}` cannot be: {reason}"
    advice: ClassVar[str] = "write {wanted}"
    option: str
    reason: str
    wanted: str


@lazy_dataclass(frozen=True, kw_only=True)
class NotUnpacked(Diagnostic):
    """A compressed table cannot be unpacked: it is damaged or locked, or an archive that holds not one file.

    Data that grow more than a thousandfold and beyond a GiB when they are unpacked are refused too.

        wrong   hqnn train model.hqnn tables.zip      # with several files in it
        right   unzip tables.zip; hqnn train model.hqnn cars.csv
    """

    code: ClassVar[str] = "E0562"
    message: ClassVar[str] = "the table `{table}` cannot be unpacked with {packing}: {reason}"
    advice: ClassVar[str] = "make the file anew, or unpack it yourself and give the CSV file"
    table: str
    packing: str
    reason: str


@lazy_dataclass(frozen=True, kw_only=True)
class PackageForTable(Diagnostic):
    """A table is in a form that is read by a package which is not installed here.

    Parquet and Feather need pyarrow; `.zst` needs zstandard with a Python before 3.14.

        wrong   hqnn train model.hqnn cars.parquet      # without pyarrow
        right   pip install 'hqnn-dsl[parquet]'
    """

    code: ClassVar[str] = "E0563"
    message: ClassVar[str] = "{what} is read with {package}, which is not installed"
    advice: ClassVar[str] = "type `pip install 'hqnn-dsl[{extra}]'`"
    exit_code: ClassVar[int] = 3
    what: str
    package: str
    extra: str


@lazy_dataclass(frozen=True, kw_only=True)
class DoubtfulNumber(Diagnostic):
    """A column has numbers with marks in them that can be read in two ways, or that are not written in one way.

    `1,234` may be a thousand or a little more than one. It is read as a thousand without being told only if some
    number of the column leaves no doubt: `1,234,567` or `1,234.5`.

        wrong   price
                "1,234"
                "5,678"
        right   data { read thousands: "," }      # 1234 and 5678
        right   data { read decimal: "," }        # 1.234 and 5.678
    """

    code: ClassVar[str] = "E0564"
    message: ClassVar[str] = "the column `{column}` of `{table}` {problem} in {where}: `{value}`"
    advice: ClassVar[str] = "write the number in the table without marks between its digits, such as 1234.5"
    column: str
    table: str
    problem: str
    where: str
    value: str


@lazy_dataclass(frozen=True, kw_only=True)
class MixedPercent(Diagnostic):
    """A column has numbers with a per cent sign and numbers without: 12% and 0.12 may be the same share.

    If all numbers of a column have the sign, `12%` is read as 12, and that is said (W0461).

        wrong   growth
                12%
                0.07
        right   growth
                12%
                7%
    """

    code: ClassVar[str] = "E0565"
    message: ClassVar[str] = "the column `{column}` of `{table}` has per cent signs, but none in {where}: `{value}`"
    advice: ClassVar[str] = "write all numbers of the column with the sign, or none"
    column: str
    table: str
    where: str
    value: str


@lazy_dataclass(frozen=True, kw_only=True)
class TableChanged(Diagnostic):
    """The file was written to while it was read; a table is read twice if its types are only settled at its end.

    wrong   hqnn train model.hqnn log.csv      # while another program still writes it
    right   cp log.csv now.csv; hqnn train model.hqnn now.csv
    """

    code: ClassVar[str] = "E0566"
    message: ClassVar[str] = "the table `{table}` was changed while it was read"
    advice: ClassVar[str] = "wait until it is complete, or give a copy of it"
    exit_code: ClassVar[int] = 3
    table: str
