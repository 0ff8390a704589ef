"""What can be wrong with a data table, and between it and the network (E05xx)."""

from __future__ import annotations

from typing import ClassVar

from hqnn_dsl.diagnostics.diagnostic import Diagnostic
from hqnn_dsl.lazy import lazy_dataclass

# ------------------------------------------------------------ reading a table


@lazy_dataclass(frozen=True, kw_only=True)
class TableMissing(Diagnostic):
    """The data file is not there, or cannot be opened.

    Paths are relative to the folder that the command is started in, not to the spec.

        wrong   hqnn train model.hqnn yatch.csv
        right   hqnn train model.hqnn data/yacht.csv
    """

    code: ClassVar[str] = "E0501"
    message: ClassVar[str] = "cannot read the table `{path}`: {reason}"
    advice: ClassVar[str] = "give the path of a CSV file, relative to the folder you are in"
    path: str
    reason: str


@lazy_dataclass(frozen=True, kw_only=True)
class TableEmpty(Diagnostic):
    """The data file has no header line, or no row below it.

    A table is a CSV file: one line with the columns' names, then one line a row.

        wrong   (a file of 0 bytes)
        right   froude,resistance
                0.125,0.11
    """

    code: ClassVar[str] = "E0502"
    message: ClassVar[str] = "the table `{table}` has {lacks}"
    advice: ClassVar[str] = "a table is one line of column names, then one line a row"
    table: str
    lacks: str


@lazy_dataclass(frozen=True, kw_only=True)
class TableNotUtf8(Diagnostic):
    """The data file is no text in an encoding that is known, or a file of another program.

    UTF-8, UTF-16 and UTF-32 are read, and text in Latin-1 or in that of Windows, if no letter of it is in UTF-8.
    Parquet and Feather files are read, too, and files that are compressed; spreadsheets are not.

        wrong   data.xlsx, data.pkl, a file with a byte of zero in a row
        right   a file saved as "CSV UTF-8"
    """

    code: ClassVar[str] = "E0503"
    message: ClassVar[str] = "the table `{table}` {what}"
    advice: ClassVar[str] = "save it as UTF-8 (in a spreadsheet: `CSV UTF-8`)"
    table: str
    what: str


@lazy_dataclass(frozen=True, kw_only=True)
class TableUnparsable(Diagnostic):
    """A line of the data file is not CSV: most often a quote that is opened and never closed.

    wrong   "Delft 1,0.125,0.11
    right   "Delft 1",0.125,0.11
    """

    code: ClassVar[str] = "E0504"
    message: ClassVar[str] = "the table `{table}` cannot be read as CSV from line {line} on: {reason}"
    advice: ClassVar[str] = "close every quote; inside quotes a quote is written twice"
    table: str
    line: int
    reason: str


@lazy_dataclass(frozen=True, kw_only=True)
class RaggedRow(Diagnostic):
    """A row has more or fewer cells than there are column names.

    A comma inside a cell (`1,5`) must be quoted, or be a point if a decimal is meant.

        wrong   froude,resistance
                0,125,0.11
        right   froude,resistance
                0.125,0.11
    """

    code: ClassVar[str] = "E0505"
    message: ClassVar[str] = "line {line} of `{table}` has {found} cells, the header has {expected}"
    advice: ClassVar[str] = "write decimals with a point, quote cells that contain a comma, leave missing cells empty"
    table: str
    line: int
    found: int
    expected: int


@lazy_dataclass(frozen=True, kw_only=True)
class DuplicateColumns(Diagnostic):
    """Two columns of the table have the same name, so a spec cannot say which one it means.

    wrong   speed,speed,resistance
    right   speed,speed_2,resistance
    """

    code: ClassVar[str] = "E0506"
    message: ClassVar[str] = "the table `{table}` has more than one column named {names}"
    advice: ClassVar[str] = "give every column a name of its own"
    table: str
    names: str


@lazy_dataclass(frozen=True, kw_only=True)
class NamelessColumn(Diagnostic):
    """A column has no name. Often it is a row number that another program saved along with the data.

    wrong   ,froude,resistance
            0,0.125,0.11
    right   froude,resistance
            0.125,0.11
    """

    code: ClassVar[str] = "E0507"
    message: ClassVar[str] = "column {position} of `{table}` has no name"
    advice: ClassVar[str] = "name it, or leave it out (pandas: `to_csv(path, index=False)`)"
    table: str
    position: int


@lazy_dataclass(frozen=True, kw_only=True)
class WrongSeparator(Diagnostic):
    """A frame has one column, in whose name delimiters stand: its file was read with another delimiter than it has.

    wrong   hqnn.train(program, pandas.read_csv("data.csv"))     # which has semicolons
    right   hqnn.train(program, "data.csv")                      # the delimiter is found out
    right   hqnn.train(program, pandas.read_csv("data.csv", sep=";", decimal=","))
    """

    code: ClassVar[str] = "E0508"
    message: ClassVar[str] = "the columns of `{table}` seem to be separated by {separator}, not by commas"
    advice: ClassVar[str] = "give the file itself, whose delimiter is found out, or its delimiter to pandas (`sep`)"
    table: str
    separator: str


# --------------------------------------------------------- choosing columns


@lazy_dataclass(frozen=True, kw_only=True)
class UnknownColumn(Diagnostic):
    """The spec names a column that the table does not have. Case and blanks inside names count.

    wrong   target Resistance          # the table has `resistance`
    right   target resistance
    """

    code: ClassVar[str] = "E0510"
    message: ClassVar[str] = "the {role} `{column}` is not a column of `{table}`"
    advice: ClassVar[str] = "its columns are {columns}"
    role: str
    column: str
    table: str
    columns: str


@lazy_dataclass(frozen=True, kw_only=True)
class TargetIsFeature(Diagnostic):
    """A column is both a target and a feature: the network would be given the answer.

    wrong   target resistance
            features froude, resistance
    right   target resistance
            features froude
    """

    code: ClassVar[str] = "E0511"
    message: ClassVar[str] = "{columns} cannot be both target and feature"
    advice: ClassVar[str] = "take it out of `features`, or name another target"
    columns: str


@lazy_dataclass(frozen=True, kw_only=True)
class MissingTarget(Diagnostic):
    """Some rows have no value in the target column; there is nothing to learn from them, and nothing is guessed.

    wrong   froude,resistance
            0.125,
    right   (the row left out, or its value filled in)
    """

    code: ClassVar[str] = "E0512"
    message: ClassVar[str] = "the target `{column}` has no value in {where}"
    advice: ClassVar[str] = "fill these cells in, or take the rows out of `{table}`"
    column: str
    where: str
    table: str


@lazy_dataclass(frozen=True, kw_only=True)
class MissingFeature(Diagnostic):
    """Some cells of a feature column are empty. Nothing is filled in silently: a rule of the spec says what is.

    wrong   features *                                   # one of them has gaps
    right   features *
            missing  median
    right   features *
            columns { horsepower: median(indicator: true) }
    right   features * except horsepower
    """

    code: ClassVar[str] = "E0513"
    message: ClassVar[str] = "the feature `{column}` has no value in {where}"
    advice: ClassVar[str] = (
        "write a rule such as `missing median` or `missing drop_rows` in `data`, or `features * except {quoted}`"
    )
    column: str
    quoted: str
    where: str


@lazy_dataclass(frozen=True, kw_only=True)
class InfiniteCell(Diagnostic):
    """A cell that is learned from is infinite, or too large for a number.

    wrong   froude,resistance
            0.125,inf
    right   froude,resistance
            0.125,62.4
    """

    code: ClassVar[str] = "E0514"
    message: ClassVar[str] = "the {role} `{column}` is infinite in {where}"
    advice: ClassVar[str] = "correct these cells, or take the rows out"
    role: str
    column: str
    where: str


@lazy_dataclass(frozen=True, kw_only=True)
class TextCell(Diagnostic):
    """A column of numbers has cells that are not numbers.

    Decimals have a point; units, thousands separators and words such as `unknown` are not read.

        wrong   0,125
        right   0.125
    """

    code: ClassVar[str] = "E0515"
    message: ClassVar[str] = "the {role} `{column}` is not a number in {where}: `{value}`"
    advice: ClassVar[str] = "write a plain number such as 0.125, or leave the row out"
    role: str
    column: str
    where: str
    value: str


@lazy_dataclass(frozen=True, kw_only=True)
class TextFeature(Diagnostic):
    """A feature column holds text although the spec says `categories refuse`, or cells that no rule reads.

    Lists, durations and complex numbers are no cells of a table.

        wrong   features *
                categories refuse               # and a column of text
        right   features *
                categories one_hot
        right   features * except name, origin
    """

    code: ClassVar[str] = "E0516"
    message: ClassVar[str] = "{columns} of `{table}` cannot be features: they hold {what}, such as `{value}`"
    advice: ClassVar[str] = "write `features * except {quoted}`, or name the features one by one"
    columns: str
    quoted: str
    table: str
    value: str
    what: str = "text"


@lazy_dataclass(frozen=True, kw_only=True)
class TextTarget(Diagnostic):
    """The target column holds text or dates, but numbers are to be learned.

    wrong   target species
            task   regression
    right   target species
            task   classification
    right   target body_mass_g
    """

    code: ClassVar[str] = "E0517"
    message: ClassVar[str] = "the target `{column}` holds {what}, such as `{value}`"
    advice: ClassVar[str] = "name a column of numbers in `data {{ target … }}`"
    column: str
    value: str
    what: str = "text"


@lazy_dataclass(frozen=True, kw_only=True)
class NoFeatures(Diagnostic):
    """No column is left to learn from once targets and excluded columns are taken away.

    wrong   features * except froude       # the only other column
    right   features *
    """

    code: ClassVar[str] = "E0518"
    message: ClassVar[str] = "no column of `{table}` is left as a feature"
    advice: ClassVar[str] = "a table needs one column besides the target"
    table: str


@lazy_dataclass(frozen=True, kw_only=True)
class WrongFeatureCount(Diagnostic):
    """The network reads another number of features than the table gives it.

    A spec without a layer that sets a width in its encoder reads exactly as many features as its circuit.

        wrong   a circuit that reads 4 inputs, no encoder, a table with 6 features
        right   encoder { dense(4) }
    """

    code: ClassVar[str] = "E0519"
    message: ClassVar[str] = "the network reads {expected} features, `{table}` gives {found}: {columns}"
    advice: ClassVar[str] = "choose columns with `data {{ features … }}`, or put `dense({expected})` into the encoder"
    expected: int
    found: int
    table: str
    columns: str


@lazy_dataclass(frozen=True, kw_only=True)
class WrongTargetCount(Diagnostic):
    """The network ends with another number of outputs than there are targets.

    wrong   data { target a, b }  decoder { dense(1) }
    right   data { target a, b }  decoder { dense(auto) }
    """

    code: ClassVar[str] = "E0520"
    message: ClassVar[str] = "the network has {expected} outputs, but there are {found} targets: {columns}"
    advice: ClassVar[str] = "name as many targets, or end the decoder with `dense(auto)`"
    expected: int
    found: int
    columns: str


@lazy_dataclass(frozen=True, kw_only=True)
class TooFewRows(Diagnostic):
    """The split leaves too few rows to train on; at least two are needed.

    wrong   split validation: 20, test: 20      # of a table with 40 rows
    right   split validation: 0.15, test: 0.15
    """

    code: ClassVar[str] = "E0521"
    message: ClassVar[str] = (
        "of {rows} rows, {validation} for validation and {test} for the test leave {left} to train on"
    )
    advice: ClassVar[str] = "training needs at least two rows: make the other parts smaller"
    rows: int
    validation: int
    test: int
    left: int


@lazy_dataclass(frozen=True, kw_only=True)
class TooLarge(Diagnostic):
    """The values of a column are so large that they become infinite when they are scaled or rounded.

    wrong   scale features: none      # and a column near 1e300
    right   scale features: standard  # or another unit in the table
    """

    code: ClassVar[str] = "E0522"
    message: ClassVar[str] = "the values of `{column}` are too large to compute with"
    advice: ClassVar[str] = "use another unit, `scale …: standard`, or `precision double`"
    column: str


@lazy_dataclass(frozen=True, kw_only=True)
class FeatureMissing(Diagnostic):
    """A run is asked about a table that lacks columns which it was trained on. Their order does not matter.

    wrong   hqnn predict runs/yacht-1 boats.csv      # has no column `froude`
    right   hqnn predict runs/yacht-1 hulls.csv
    """

    code: ClassVar[str] = "E0523"
    message: ClassVar[str] = "the run needs {columns}, which `{table}` does not have"
    advice: ClassVar[str] = "its columns are {found}"
    columns: str
    table: str
    found: str


# ----------------------------------------------------------------------- runs
