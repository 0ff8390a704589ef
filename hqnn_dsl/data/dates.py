"""Dates and times as they are written, as days since 1970-01-01; in UTC if a cell names its zone.

A date is read in a form that can mean one day only: with the year first, or with the month as a word. `03/04/2024` has
two meanings; the other cells of the column decide between them, or it is refused.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]
    Flags = NDArray[np.bool_]

_TIME = (
    r"(?:(?:T|,? +)(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2}(?:[.,]\d+)?))?"
    r"(?: ?(?P<half>[AaPp])\.?[Mm]\.?)?(?: ?(?P<zone>Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?))?)?"
)
_MONTH = r"(?P<word>[A-Za-z]{3,9})\.?"
_YEAR_FIRST = (
    rf"(?P<year>\d{{4}})(?P<mark>[-/.])(?P<month>\d{{1,2}})(?P=mark)(?P<day>\d{{1,2}}){_TIME}",
    r"(?P<year>\d{4})-(?P<month>\d{2})",
    rf"(?P<year>\d{{4}})[ -]{_MONTH}[ -](?P<day>\d{{1,2}}){_TIME}",
    rf"(?P<day>\d{{1,2}})(?:st|nd|rd|th|\.)?[ -]{_MONTH}[ ,-]+(?P<year>\d{{4}}){_TIME}",
    rf"(?:[A-Za-z]{{3,9}}, )?{_MONTH} (?P<day>\d{{1,2}})(?:st|nd|rd|th)?,? (?P<year>\d{{4}}){_TIME}",
)
_PLAIN = r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:?\d{2})?)?"
"""What pandas reads as fast as numbers."""
_YEAR_LAST = rf"(?P<one>\d{{1,2}})(?P<mark>[-/.])(?P<two>\d{{1,2}})(?P=mark)(?P<year>\d{{4}}){_TIME}"
_SHORT_YEAR = rf"\d{{1,2}}(?P<mark>[-/.])\d{{1,2}}(?P=mark)\d{{2}}{_TIME}"
_DIGITS = (r"(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})", r"(?P<year>\d{4})")
"""Forms that are numbers by their looks: they are only read in columns that are said to be dates."""

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_FULL = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october")
_WORDS = {
    **{word: number for number, word in enumerate(_MONTHS, start=1)},
    **{word: number for number, word in enumerate((*_FULL, "november", "december"), start=1)},
    "sept": 9,
}


DayOrder = Literal["day_month", "month_day"]


@dataclass(frozen=True, eq=False)
class Dates:
    """Cells read as dates: `days` since 1970-01-01, NaN if a cell is missing, or is no date that can be told.

    `unclear` are the cells that may mean two days, or have a year of two digits; `order` is that of a day and a month
    which are both numbers in this column, None if no cell has them so.
    """

    days: Numbers = field(repr=False)
    unclear: Flags = field(repr=False)
    order: DayOrder | None = None


def from_times(column: pd.Series[Any]) -> Numbers:
    """Returns days for a column of times, with or without a zone, or of objects that are dates."""
    if isinstance(column.dtype, pd.PeriodDtype):
        column = column.dt.to_timestamp()
    if not pd.api.types.is_datetime64_any_dtype(column):
        column = pd.to_datetime(column.astype(object), errors="coerce", utc=True)
    if getattr(column.dt, "tz", None) is not None:
        column = column.dt.tz_convert("UTC").dt.tz_localize(None)
    days = (column.to_numpy() - np.datetime64(0, "D")) / np.timedelta64(1, "D")
    return np.asarray(days, dtype=np.float64)


def looks_like_dates(words: Sequence[str]) -> Flags:
    """Returns which of some texts are written as dates, whether or not there is such a day."""
    texts = pd.Series(words, dtype="str").str.strip()
    found = np.zeros(len(texts), dtype=np.bool_)
    for form in (_PLAIN, *_YEAR_FIRST, _YEAR_LAST, _SHORT_YEAR):
        left = np.flatnonzero(~found)
        found[left] = _matches(texts.iloc[left], form)
    return found


def _matches(texts: pd.Series[Any], form: str) -> Flags:
    return np.asarray(texts.str.fullmatch(form).fillna(value=False).to_numpy(dtype=np.bool_))


def parse(words: Sequence[str], order: DayOrder | None = None, *, digits: bool = False) -> Dates:
    """Returns the dates that different texts are. With `digits` also `20240403`, and `2024` as its first day.

    `order` is what the column decides in a run; None: what these texts decide.
    """
    texts = pd.Series(words, dtype="str").str.strip()
    days = _plain_days(texts)
    for form in (*_YEAR_FIRST, *(_DIGITS if digits else ())):
        _fill(days, texts, form)
    order, unclear = _fill_year_last(days, texts, order)
    unclear |= np.isnan(days) & _matches(texts, _SHORT_YEAR)
    return Dates(days, unclear, order)


def _plain_days(texts: pd.Series[Any]) -> Numbers:
    """Returns the days of texts in the form that pandas reads; NaN for all others."""
    days = np.full(len(texts), np.nan)
    plain = np.flatnonzero(_matches(texts, _PLAIN))
    if len(plain):
        days[plain] = from_times(pd.to_datetime(texts.iloc[plain], format="ISO8601", errors="coerce", utc=True))
    return days


def _fill(days: Numbers, texts: pd.Series[Any], form: str) -> None:
    """Set the days of texts that have none yet, and are of a form."""
    left = np.flatnonzero(np.isnan(days))
    parts = _parts(texts.iloc[left], form) if len(left) else None
    if parts is not None:
        days[left] = _days(parts)


def _fill_year_last(days: Numbers, texts: pd.Series[Any], order: DayOrder | None) -> tuple[DayOrder | None, Flags]:
    """Set the days of texts such as `03/04/2024`; returns their order, and the texts that may mean two days."""
    unclear = np.zeros(len(days), dtype=np.bool_)
    left = np.flatnonzero(np.isnan(days))
    parts = _parts(texts.iloc[left], _YEAR_LAST) if len(left) else None
    if parts is None:
        return order, unclear
    one, two = (parts[name].to_numpy(dtype=np.float64) for name in ("one", "two"))
    if order is None:
        with np.errstate(invalid="ignore"):
            is_day, is_month = bool((one > 12).any()), bool((two > 12).any())
        order = None if is_day == is_month else "day_month" if is_day else "month_day"
    day, month = (two, one) if order == "month_day" else (one, two)
    found = _days(parts.assign(day=day, month=month))
    if order is None:  # no cell decides, or they contradict each other
        is_here = ~np.isnan(one) & (one != two)
        unclear[left] = is_here & (one <= 12) & (two <= 12)
        other = _days(parts.assign(day=two, month=one))
        found = np.where(np.isnan(found) | unclear[left], other, found)
        found[unclear[left]] = np.nan
    days[left] = np.where(np.isnan(days[left]), found, days[left])
    return order, unclear


def _parts(texts: pd.Series[Any], form: str) -> pd.DataFrame | None:
    """Returns the parts of the texts that are of a form, as numbers; None if there is none."""
    parts = texts.str.extract(f"^{form}$")
    if not parts["year"].notna().any():
        return None
    return parts


def _days(parts: pd.DataFrame) -> Numbers:
    """Returns days since 1970-01-01 for the parts of dates; NaN for parts that no day has."""
    year = _number(parts, "year")
    day = _number(parts, "day", 1.0)
    month = _number(parts, "month", 1.0)
    if "word" in parts:
        month = np.asarray(parts["word"].str.lower().map(_WORDS).to_numpy(dtype=np.float64))
    with np.errstate(invalid="ignore"):
        is_whole = (year >= 1) & (month >= 1) & (month <= 12) & (day >= 1) & (day <= 31)
        first = _first_of_month(np.where(is_whole, year, 1970.0), np.where(is_whole, month, 1.0))
        following = first.astype("datetime64[M]") + 1
        length = (following.astype("datetime64[D]") - first) / np.timedelta64(1, "D")
        is_whole &= day <= length
    days = first.astype(np.int64) + np.where(is_whole, day, 1.0) - 1 + _clock(parts)
    return np.asarray(np.where(is_whole, days, np.nan))


def _first_of_month(year: Numbers, month: Numbers) -> NDArray[np.datetime64]:
    months = ((year - 1970) * 12 + month - 1).astype(np.int64)
    return months.astype("datetime64[M]").astype("datetime64[D]")


def _clock(parts: pd.DataFrame) -> Numbers:
    """Returns the time of day as a part of it, in UTC if a zone is named; NaN for times that no day has."""
    if "hour" not in parts or not parts["hour"].notna().any():
        return np.zeros(len(parts), dtype=np.float64)
    hour, minute = _number(parts, "hour", 0.0), _number(parts, "minute", 0.0)
    seconds = parts["second"].str.replace(",", ".", regex=False).astype(np.float64).fillna(0.0).to_numpy()
    half = parts["half"].str.lower()
    twelve = half.notna().to_numpy()
    is_day = np.where(twelve, (hour >= 1) & (hour <= 12), hour < 24) & (minute < 60) & (seconds < 61)
    hour = np.where(twelve, hour % 12 + 12.0 * (half == "p").to_numpy(dtype=np.bool_), hour)
    found = (hour * 3600 + minute * 60 + seconds) / 86400 - _zone(parts["zone"])
    return np.asarray(np.where(is_day, found, np.nan))


def _zone(zones: pd.Series[Any]) -> Numbers:
    """Returns the distance of zones from UTC, in days."""
    digits = zones.str.extract(r"^([+-])(\d{2}):?(\d{2})?$")
    if not digits[0].notna().any():
        return np.zeros(len(zones), dtype=np.float64)
    hours, minutes = (digits[index].astype(np.float64).fillna(0.0).to_numpy() for index in (1, 2))
    return np.asarray(np.where(digits[0] == "-", -1.0, 1.0) * (hours * 60 + minutes) / 1440)


def _number(parts: pd.DataFrame, name: str, other: float | None = None) -> Numbers:
    if name not in parts:
        return np.full(len(parts), np.nan if other is None else other)
    found = parts[name].astype(np.float64)
    return np.asarray((found if other is None else found.fillna(other)).to_numpy())


def written(days: float) -> str:
    """Returns a number of days as a date, with its time if that is not midnight."""
    moment = np.datetime64(0, "D") + np.timedelta64(round(days * 86400), "s")
    text = str(moment.astype("datetime64[s]")).replace("T", " ")
    return text.removesuffix(" 00:00:00")
