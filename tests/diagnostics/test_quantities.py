"""Counts and sizes of memory as messages say them."""

from __future__ import annotations

import random

import pytest

from hqnn_dsl.diagnostics.codes.environment import StateTooLarge
from hqnn_dsl.diagnostics.quantities import UNITS, count, number, size


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0 B"), (1, "1 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (1025, "1.1 KiB"), (1536, "1.5 KiB"),
     (2**20 - 1, "1.0 MiB"), (8 * 2**30, "8.0 GiB"), (8 * 2**30 + 1, "8.1 GiB"), (2**43, "8.0 TiB"),
     (2**73, "8,192.0 EiB")],
)  # fmt: skip
def test_sizes(number, text):
    assert size(number) == text


def test_a_size_is_never_said_smaller_than_it_is():
    rng = random.Random(1)
    for _ in range(2000):
        number = rng.randrange(1 << rng.randint(1, 80))
        value, unit = size(number).replace(",", "").split()
        said = float(value) * 1024 ** UNITS.index(unit)
        assert number <= said * (1 + 1e-12)
        assert said <= number * 1.1 + 1
        assert float(value) < 1024 or unit == UNITS[-1]


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [(None, 4, "-"), (0.0012345, 4, "0.001234"), (2.9706, 4, "2.971"), (9049.4, 4, "9049"), (13082.4, 4, "13080"),
     (-9_999_600.0, 4, "-1e+07"), (9_999_400.0, 4, "9999000"), (1.5e7, 4, "1.5e+07"), (1240.0, 2, "1200"),
     (3e-16, 2, "3e-16"), (float("inf"), 4, "inf"), (float("nan"), 4, "nan")],
)  # fmt: skip
def test_scores_have_four_digits_and_no_exponent_below_ten_millions(value, digits, text):
    assert number(value, digits) == text


def test_one_row_is_one_row():
    assert [count(number, "row") for number in (0, 1, 2)] == ["0 rows", "1 row", "2 rows"]
    refused = StateTooLarge(num_qubits=40, rows=1, needed_bytes=2**44, limit_bytes=2**33)
    assert refused.headline == "the states of 40 qubits, 1 row at a time, need 16.0 TiB of memory"
    assert refused.caption == "the limit is 8.0 GiB"
