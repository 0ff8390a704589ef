"""Numbers as people write them: with marks between thousands, with a decimal comma, with a per cent sign.

A column is judged by all of its different cells at once. What can be read in one way only is read; what can be read in
two is refused, with the option that settles it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Literal

from hqnn_dsl.literals import quoted

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

OTHER = {".": ",", ",": "."}
_ALWAYS_THOUSANDS = ("'", "’", "\u00a0", "\u202f")
"""Marks that separate nothing else than thousands."""

_EXPONENT = r"(?:[eE][+-]?\d+)?"
_LOOKED_AT = 1000
_LONGEST = 100
"""Digits of a whole number that is read as one, zeros in front counted; more are read as a float."""

_INTEGER = re.compile(r"[+-]?\d+", re.ASCII)
_PERCENT = re.compile(r"(.*\d.*?)\s?%")


@cache
def plain(decimal: str) -> re.Pattern[str]:
    """Numbers without marks, with a decimal sign or without, and the words for infinity."""
    sign = re.escape(decimal)
    pattern = rf"[+-]?(?:(?:\d+(?:{sign}\d*)?|{sign}\d+){_EXPONENT}|inf|infinity)"
    return re.compile(pattern, re.ASCII | re.IGNORECASE)


@cache
def grouped(thousands: str, decimal: str) -> re.Pattern[str]:
    """Numbers with a mark between every three digits: `1,234`, `12,345,678.9`."""
    mark, sign = re.escape(thousands), re.escape(decimal)
    tail = rf"(?P<tail>{sign}\d*)?" if thousands != decimal else "(?P<tail>(?!))?"
    return re.compile(rf"[+-]?[1-9]\d{{0,2}}(?P<groups>(?:{mark}\d{{3}})+){tail}{_EXPONENT}", re.ASCII)


@cache
def _looks_marked(thousands: str, decimal: str) -> re.Pattern[str]:
    """Digits with marks among them, in groups of three or not."""
    return re.compile(rf"[+-]?\d[\d{re.escape(thousands + decimal)}]*", re.ASCII)


def is_sure(word: str, decimal: str) -> bool:
    """Whether a number has this decimal sign beyond doubt: `1,5`, `0,125` or `1.234,5`, but not `1,234`."""
    other = OTHER[decimal]
    match = grouped(other, decimal).fullmatch(word)
    if match is not None:
        return bool(match["tail"])
    return decimal in word and bool(plain(decimal).fullmatch(word)) and not grouped(decimal, other).fullmatch(word)


@dataclass(frozen=True)
class Verdict:
    """How a column's cells are to be read.

    `text`: as they are. `number`: with `thousands` between digits, and per cent signs left out if `percent`. `other`:
    the numbers have the other decimal sign. `doubt`: not at all, because of `word`; `problem` and `hint` say why.
    `against`: `word` has the marks that are told, in other places than between thousands. If a column in `doubt`
    or of `text` could be read with marks between thousands, `thousands` says which.
    """

    kind: Literal["text", "number", "other", "doubt", "against", "percent"]
    thousands: str | None = None
    percent: bool = False
    word: str = ""
    problem: str = ""
    hint: str = ""


TEXT = Verdict("text")


def judge(words: Collection[str], decimal: str, thousands: str | None) -> Verdict:
    """How a column with these different cells is read, none of them missing; `thousands` is None if it is not told."""
    number = plain(decimal)
    if all(number.fullmatch(word) for word in words):
        return Verdict("number")
    with_sign = [word for word in words if word.endswith("%") and _PERCENT.fullmatch(word)]
    if with_sign:
        return _judge_percent(words, with_sign, decimal, thousands)
    return _told(words, decimal, thousands) if thousands is not None else _guessed(words, decimal)


def value_of(word: str, verdict: Verdict, decimal: str) -> str:
    """The number as Python writes it."""
    if verdict.percent:
        word = word.rstrip("%").rstrip()
    if verdict.thousands is not None:
        word = word.replace(verdict.thousands, "")
    return word if decimal == "." else word.replace(decimal, ".")


def is_integer(text: str) -> bool:
    """Whether a number as Python writes it is a whole one of 64 bits."""
    return len(text) <= _LONGEST and bool(_INTEGER.fullmatch(text)) and -(1 << 63) <= int(text) < 1 << 63


def _judge_percent(words: Collection[str], with_sign: list[str], decimal: str, thousands: str | None) -> Verdict:
    without = [word for word in words if word not in set(with_sign)]
    if without:
        number = plain(decimal)
        odd = next((word for word in without if number.fullmatch(word)), "")
        few = next((word for word in without if not number.fullmatch(word)), "")
        if not few:
            return Verdict("percent", word=odd)
        return _stray(few, with_sign[0], len(with_sign), len(words))
    inner = judge([word.rstrip("%").rstrip() for word in with_sign], decimal, thousands)
    if inner.kind != "number":
        word = f"{inner.word}%" if inner.word else ""
        found = next((each for each in with_sign if each.replace(" ", "") == word), word)
        return Verdict(inner.kind, inner.thousands, percent=True, word=found, problem=inner.problem, hint=inner.hint)
    return Verdict("number", inner.thousands, percent=True)


def _told(words: Collection[str], decimal: str, thousands: str) -> Verdict:
    """With the mark that is told. Digits that are no number in any form, such as the dates `03.01.2022`, are text."""
    number, marked, any_mark = plain(decimal), grouped(thousands, decimal), _looks_marked(thousands, decimal)
    forms = (number, marked, plain(thousands))
    if not any(form.fullmatch(word) for word in words for form in forms):
        return TEXT
    wrong = ""
    for word in words:
        if number.fullmatch(word) or marked.fullmatch(word):
            continue
        if not any_mark.fullmatch(word):
            num_marked = sum(bool(marked.fullmatch(each)) for each in words)
            return _stray(word, next(filter(marked.fullmatch, words), ""), num_marked, len(words))
        wrong = wrong or word
    if wrong:
        return Verdict("against", word=wrong)
    return Verdict("number", thousands)


def _guessed(words: Collection[str], decimal: str) -> Verdict:
    other = OTHER.get(decimal, ",")
    if not _is_numeric(words, decimal, other):
        return TEXT
    number = plain(decimal)
    rest = [word for word in words if not number.fullmatch(word)]
    for mark in (other, *_ALWAYS_THOUSANDS, " "):
        pattern = grouped(mark, decimal)
        matches = [pattern.fullmatch(word) for word in rest]
        if all(matches):
            return _thousands(mark, [match for match in matches if match], rest)
    return _mixed(words, rest, decimal, other)


def _is_numeric(words: Iterable[str], decimal: str, other: str) -> bool:
    """Whether most of the first cells are numbers of some kind, and one of them has marks."""
    number, marked = plain(decimal), [grouped(mark, decimal) for mark in (other, decimal, *_ALWAYS_THOUSANDS, " ")]
    looked_at = [word for word, _ in zip(words, range(_LOOKED_AT), strict=False)]
    others = [word for word in looked_at if not number.fullmatch(word)]
    numeric = [word for word in others if plain(other).fullmatch(word) or any(m.fullmatch(word) for m in marked)]
    return bool(numeric) and 2 * (len(looked_at) - len(others) + len(numeric)) > len(looked_at)


def _thousands(mark: str, matches: list[re.Match[str]], rest: list[str]) -> Verdict:
    """All cells with a mark have it between thousands: read so if it can be nothing else."""
    has_tail = any(match["tail"] for match in matches)
    has_two = any(len(match["groups"]) > 4 for match in matches)
    if mark in _ALWAYS_THOUSANDS or has_tail or (has_two and mark != " "):
        return Verdict("number", mark)
    if mark == " ":
        return Verdict("text", mark)
    hint = (
        f"write `read thousands: {quoted(mark)}` in `data {{ }}` if it means {rest[0].replace(mark, '')}, "
        f"or `read decimal: {quoted(mark)}` if it means {rest[0].replace(mark, '.')}"
    )
    return Verdict("doubt", mark, word=rest[0], problem="has numbers that can be read in two ways", hint=hint)


def _mixed(words: Collection[str], rest: list[str], decimal: str, other: str) -> Verdict:
    """Cells that are no numbers with this decimal sign, of which most are numbers of some kind."""
    sure = next((word for word in rest if is_sure(word, other)), "")
    groups = grouped(decimal, other)
    twice = next((word for word in rest if (match := groups.fullmatch(word)) and len(match["groups"]) > 4), "")
    numeric = [word for word in rest if plain(other).fullmatch(word) or groups.fullmatch(word)]
    if len(numeric) == len(rest) and (sure or twice):
        shown = f"write `read decimal: {quoted(other)}` in `data {{ }}`, or decimals in the same way in all columns"
        return Verdict(
            "other", word=sure or twice, problem="has numbers of another form than other columns", hint=shown
        )
    odd = next((word for word in rest if word not in set(numeric) and not grouped(other, decimal).fullmatch(word)), "")
    marked = [word for word in rest if word in set(numeric) or grouped(other, decimal).fullmatch(word)]
    if not odd:
        hint = "write decimals in one way, with a point, and no marks between digits"
        return Verdict("doubt", word=rest[0], problem="has numbers of several forms", hint=hint)
    return _stray(odd, marked[0], len(marked), len(words)) if marked else TEXT


def _stray(word: str, number: str, num_marked: int, num_words: int) -> Verdict:
    """A word among numbers with marks, which would make text of all of them."""
    if 2 * num_marked <= num_words:
        return TEXT
    hint = f"if it stands for a missing cell, write `read missing: {quoted(word)}` in `data {{ }}`; else correct it"
    return Verdict("doubt", word=word, problem=f"has numbers such as {number}, but not", hint=hint)
