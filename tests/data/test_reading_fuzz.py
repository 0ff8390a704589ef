"""Random tables written in random dialects come back as they were, or are refused: never with other numbers."""

from __future__ import annotations

import csv
import gzip
import io
import math
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hqnn_dsl.data import sources
from hqnn_dsl.data.tables import read_table
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.semantics.spec import Read

LETTERS = st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\0\ufeff")
WORDS = st.builds(
    lambda first, rest, last: f"{first}{rest}{last}",
    st.sampled_from("abXYüß"),
    st.text(st.one_of(st.sampled_from(" ,;|\t'\"\n#.%5"), LETTERS), max_size=6),
    st.sampled_from("zé"),
)
REALS = st.floats(allow_nan=False, allow_infinity=False) | st.decimals(-9999, 9999, places=3).map(float)
WHOLES = st.integers(-(2**63), 2**63 - 1) | st.integers(-2000, 2000)
KINDS = {"real": REALS, "whole": WHOLES, "word": WORDS}


@st.composite
def tables(draw) -> list[list[object]]:
    """Columns of one kind each, with gaps: `None` is a missing cell. No row is blank, since those are left out."""
    rows = draw(st.integers(1, 12))
    found = []
    for kind in draw(st.lists(st.sampled_from(sorted(KINDS)), min_size=2, max_size=4)):
        cells = st.one_of(st.none(), KINDS[kind]) if found and draw(st.booleans()) else KINDS[kind]
        found.append(draw(st.lists(cells, min_size=rows, max_size=rows)))
    return found


def with_clear_quotes(dialect: dict) -> dict:
    """Single quotes show only if there are many; and Python quotes no line feed if lines end otherwise."""
    needed = dialect["quotechar"] == "'" or "\n" not in dialect["lineterminator"]
    return {**dialect, "quoting": csv.QUOTE_ALL} if needed else dialect


DIALECTS = st.fixed_dictionaries(
    {
        "delimiter": st.sampled_from(",;\t|"),
        "quoting": st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
        "lineterminator": st.sampled_from(["\n", "\r\n", "\r"]),
        "quotechar": st.sampled_from('"""\''),
    }
).map(with_clear_quotes)


def spelt(cell: object, decimal: str, missing: str) -> str:
    if cell is None:
        return missing
    return repr(cell).replace(".", decimal) if isinstance(cell, float) else str(cell)


def written(columns: list[list[object]], decimal: str, missing: str, **dialect) -> str:
    out = io.StringIO()
    writer = csv.writer(out, **dialect)
    writer.writerow([f"c{place}" for place in range(len(columns))])
    for row in zip(*columns, strict=True):
        writer.writerow([spelt(cell, decimal, missing) for cell in row])
    return out.getvalue()


def expected(column: list[object]) -> list[object]:
    """The cells as they come back; whole numbers with gaps, or that no integer of 64 bits holds, are floats."""
    if any(isinstance(cell, str) for cell in column):
        return column
    if all(isinstance(cell, int) for cell in column):
        return column
    return [None if cell is None else float(cell) for cell in column]


def found_in(content: bytes, read: Read, block: int) -> list[list[object]]:
    with TemporaryDirectory() as folder, patch.object(sources, "BLOCK", block):
        path = Path(folder) / "t.csv"
        path.write_bytes(content)
        frame = read_table(path, read).frame
    return [frame[name].astype(object).where(frame[name].notna(), None).tolist() for name in frame]


def same(one: object, other: object) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return one == other and math.copysign(1, one) == math.copysign(1, other)
    return type(one) is type(other) and one == other


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    columns=tables(),
    dialect=DIALECTS,
    decimal=st.sampled_from(".,"),
    missing=st.sampled_from(["", "NA", "?", "-"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "gzip"]),
    block=st.sampled_from([9, 50, 1 << 22]),
    is_told=st.booleans(),
)
def test_a_table_comes_back_or_is_refused(columns, dialect, decimal, missing, encoding, block, is_told):
    text = written(columns, decimal, missing, **dialect)
    content = gzip.compress(text.encode()) if encoding == "gzip" else text.encode(encoding)
    told = {"delimiter": dialect["delimiter"], "decimal": decimal} if is_told else {}
    if missing == "-":
        told["missing"] = ("-",)
    try:
        found = found_in(content, Read(**told), block)
    except Refusal as refusal:
        codes = {item.code for item in refusal.diagnostics}
        assert not is_told or codes & MAY or encoding == "utf-16-le"
        return
    wanted = [expected(column) for column in columns]
    assert len(found) == len(wanted)
    for one, other in zip(found, wanted, strict=True):
        assert all(map(same, one, other)), (one, other, text)


MAY = {"E0560", "E0564", "E0565"}
"""Refusals of a table whose form is told: an option that its numbers contradict, and numbers that can be two."""


@settings(max_examples=300, deadline=None)
@given(content=st.binary(max_size=60) | st.text(st.sampled_from("a1.,;\t|\"'#%\n\r \0é?"), max_size=40).map(str.encode))
def test_any_bytes_are_a_table_or_refused(content):
    with suppress(Refusal):
        found_in(b"a,b\n" * (len(content) % 2) + content, Read(), 7)
