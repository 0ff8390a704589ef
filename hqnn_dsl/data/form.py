"""The form in which a table was found, in one line for the reader."""

from __future__ import annotations

from dataclasses import dataclass

DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars", " ": "blanks"}
"""What may stand between columns if nothing is said of it, with its name. A blank stands for any number of blanks."""

SIGNS = {
    ",": "commas",
    ".": "points",
    "'": "apostrophes",
    "’": "apostrophes",
    "_": "underscores",
    " ": "blanks",
    "\u00a0": "blanks",
    "\u202f": "narrow blanks",
}
"""Marks in numbers, with their names."""

ENCODINGS = {
    "utf-8": "UTF-8",
    "utf-16-le": "UTF-16",
    "utf-16-be": "UTF-16",
    "utf-32-le": "UTF-32",
    "utf-32-be": "UTF-32",
    "latin-1": "Latin-1",
    "cp1252": "Windows-1252",
}


@dataclass(frozen=True, kw_only=True)
class Form:
    """How a file is written, as it was guessed or told.

    `kind` is `text`, `Parquet` or `Feather`, `packing` is `gzip` and the like, empty if the file is not packed. The
    other fields are of text; `thousands` is None if no number has marks between its digits.
    """

    table: str
    kind: str = "text"
    packing: str = ""
    delimiter: str = ","
    decimal: str = "."
    thousands: str | None = None
    quote: str = '"'
    encoding: str = "utf-8"

    @property
    def parts(self) -> tuple[str, ...]:
        """What differs from plain CSV: commas between columns, decimal points, UTF-8. Empty if nothing does."""
        found = []
        if self.kind != "text":
            found.append(self.kind)
        if self.delimiter != ",":
            found.append(f"{delimiter_name(self.delimiter)} between columns")
        if self.decimal != ".":
            found.append(f"decimal {SIGNS.get(self.decimal, self.decimal)}")
        if self.thousands is not None:
            found.append(f"{SIGNS.get(self.thousands, f'`{self.thousands}`')} between thousands")
        if self.quote != '"':
            found.append("single quotes around text")
        if self.encoding != "utf-8":
            found.append(ENCODINGS.get(self.encoding, self.encoding))
        if self.packing:
            found.append(f"{self.packing} compression")
        return tuple(found)

    @property
    def is_plain(self) -> bool:
        return not self.parts

    @property
    def sentence(self) -> str:
        """`cars.csv: semicolons between columns, decimal commas, Latin-1`."""
        return f"{self.table}: {', '.join(self.parts) or 'commas between columns, decimal points, UTF-8'}"


def delimiter_name(delimiter: str) -> str:
    """The plural of a delimiter's name: `semicolons`, or itself if it has none."""
    return DELIMITERS.get(delimiter) or f"`{delimiter}`"
