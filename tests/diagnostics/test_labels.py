"""Labels that are cut can still be told apart."""

from __future__ import annotations

import pytest

from hqnn_dsl.diagnostics.labels import labels_in_words, short_labels


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (["low", "high"], ["low", "high"]),
        (["Common diving petrel", "Yellow-eyed gull"], ["Common diving pet…", "Yellow-eyed gull"]),
        (["birds of the colony 1", "birds of the colony 2"], ["birds of… colony 1", "birds of… colony 2"]),
        (["a" * 30 + "1" + "a" * 30, "a" * 30 + "2" + "a" * 30], ["1 " + "a" * 15 + "…", "2 " + "a" * 15 + "…"]),
    ],
)
def test_classes_with_long_names_have_short_labels_that_differ(labels, expected):
    assert short_labels(labels) == expected


@pytest.mark.parametrize("longest", [8, 10, 18])
@pytest.mark.parametrize(
    "labels",
    [[f"a class of a long name {n}" for n in range(99)], [f"{n} of classes of long names" for n in range(99)],
     [f"the class {n} of many" for n in range(99)]],
)  # fmt: skip
def test_short_labels_differ_and_are_short(labels, longest):
    found = short_labels(labels, longest)
    assert len(set(found)) == len(labels)
    assert max(map(len, found)) <= longest


@pytest.mark.parametrize(
    ("labels", "text"),
    [
        (["a"], "a"),
        (["a", "b c", "d"], "a, b c and d"),
        (["a, b", "c"], '"a, b" and c'),
        (["black and white", "red"], '"black and white" and red'),
        (["sand", 'an "x"'], 'sand and an "x"'),
        (["a", "b", "c", "d", "e"], "a, b, c and 2 more"),
        (["x" * 30, "y" * 30, "z" * 30], f"{'x' * 30}, {'y' * 30} and 1 more"),
        (["x" * 300, "y"], f"{'x' * 39}… and y"),
    ],
)
def test_labels_in_a_list_can_be_told_apart(labels, text):
    assert labels_in_words(labels, 3) == text
