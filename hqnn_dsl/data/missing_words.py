"""Spellings of a missing cell: one list, for text of files and for text in frames; `read missing` adds to it."""

from __future__ import annotations

from typing import Final

MISSING_WORDS: Final = (
    "", "?",
    "NA", "N/A", "n/a", "<NA>", "#NA", "#N/A", "#N/A N/A",
    "NaN", "nan", "NAN", "-NaN", "-nan",
    "NULL", "null", "None",
    "1.#IND", "-1.#IND", "1.#QNAN", "-1.#QNAN",
)  # fmt: skip
"""A cell is missing if it is spelled so, blanks around it aside. Upper and lower case count: `Na` may be sodium."""
