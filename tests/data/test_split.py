"""Parts of the rows, and statistics that come from the training rows alone."""

from __future__ import annotations

import numpy as np
import pytest
from rows_of_tables import split_rows
from sklearn.model_selection import train_test_split

from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.seeds import STREAMS, stream
from hqnn_dsl.semantics.spec import Split


@pytest.mark.parametrize(
    ("split", "sizes"),
    [
        (Split(), (214, 47, 47)),
        (Split(validation=0.1, test=0.1), (246, 31, 31)),
        (Split(validation=20, test=0.5), (134, 20, 154)),
        (Split(validation=0, test=8), (300, 0, 8)),
        (Split(validation=0.0, test=0), (308, 0, 0)),
    ],
)
def test_parts_cover_all_rows_once(split, sizes):
    parts = split_rows(308, split, 7)
    assert (len(parts.train), len(parts.validation), len(parts.test)) == sizes
    assert sorted(np.concatenate([rows for _, rows in parts.items()])) == list(range(308))


def test_test_rows_are_those_of_scikit_learn():
    parts = split_rows(100, Split(validation=0.2, test=0.3, seed=7), 0)
    rest, tested = train_test_split(np.arange(100), test_size=30, random_state=7)
    _, validated = train_test_split(rest, test_size=20, random_state=7)
    assert parts.test.tolist() == sorted(tested)
    assert parts.validation.tolist() == sorted(validated)


@pytest.mark.parametrize("seed", [0, 1, 2**32 - 1, 2**40 + 5])
@pytest.mark.parametrize(
    ("rows", "validation", "test"), [(3, 1, 0), (3, 0, 1), (11, 4, 5), (308, 47, 47), (5000, 1, 2)]
)
def test_every_draw_is_that_of_scikit_learn(rows, validation, test, seed):
    parts = split_rows(rows, Split(validation=validation, test=test, seed=seed), 0)
    rest, tested, validated = np.arange(rows), [], []
    if test:
        rest, tested = train_test_split(rest, test_size=test, random_state=seed % 2**32)
    if validation:
        rest, validated = train_test_split(rest, test_size=validation, random_state=seed % 2**32)
    assert [part.tolist() for _, part in parts.items()] == [sorted(rest), sorted(validated), sorted(tested)]


def test_fractions_of_whole_numbers_are_exact():
    assert len(split_rows(30, Split(test=0.1, validation=0.0), 0).test) == 3
    assert len(split_rows(20, Split(test=0.15, validation=0.0), 0).test) == 3


def test_the_seed_decides_and_the_splits_own_seed_wins():
    first, second = split_rows(50, Split(), 1), split_rows(50, Split(), 2)
    assert first.test.tolist() != second.test.tolist()
    assert split_rows(50, Split(), 1).test.tolist() == first.test.tolist()
    own = [split_rows(50, Split(seed=3), root).test.tolist() for root in (1, 2)]
    assert own[0] == own[1]


@pytest.mark.parametrize("split", [Split(validation=5, test=4), Split(validation=50, test=0), Split(test=0.95)])
def test_too_few_rows_are_refused(split):
    with pytest.raises(Refusal) as caught:
        split_rows(10, split, 0)
    assert caught.value.diagnostics[0].code == "E0521"
    assert "of 10 rows" in caught.value.diagnostics[0].headline


def test_streams_are_apart_and_stay_what_they_are():
    seeds = {name: stream(7, name) for name in STREAMS}
    assert len(set(seeds.values())) == len(seeds)
    assert all(0 <= seed < 2**32 for seed in seeds.values())
    assert stream(7, "split") == 310029342
    assert stream(8, "split") != stream(7, "split")
