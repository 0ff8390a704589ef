"""Words in a row, and the word that was meant, as messages say them."""

from __future__ import annotations

import pytest

from hqnn_dsl.diagnostics import sentences
from hqnn_dsl.limits import MAX_NAME


@pytest.mark.parametrize(
    ("words", "more", "text"),
    [
        ([], 0, ""),
        (["a"], 0, "a"),
        (["a", "b"], 0, "a or b"),
        (["a", "b", "c"], 0, "a, b or c"),
        (["a"], 7, "a or 7 more"),
    ],
)
def test_words_in_a_row(words, more, text):
    assert sentences.listed(words, "or", more=more) == text
    assert sentences.listed(iter(words), "and", more=more) == text.replace(" or ", " and ")


@pytest.mark.parametrize(
    ("most", "text"),
    [(None, "`a`, `b` and `c`"), (3, "`a`, `b` and `c`"), (2, "`a`, `b` and 1 more"), (1, "`a` and 2 more")],
)
def test_only_the_first_of_many_names_are_shown(most, text):
    assert sentences.names("abc", "and", most=most) == text


@pytest.mark.parametrize(
    ("word", "known", "meant"),
    [
        ("hidde", ["width", "hidden"], "hidden"),
        ("HIDDEN", ["width", "hidden"], "hidden"),
        ("HIDDE", ["width", "hidden"], ""),
        ("fakemanila", ["FakeManilaV2", "FakeManila"], "FakeManila"),
        ("nothing", ["width", "hidden"], ""),
        ("a", [], ""),
        ("a" * (MAX_NAME + 1), ["a" * MAX_NAME], ""),
    ],
)
def test_the_nearest_name(word, known, meant):
    assert sentences.nearest(word, known) == meant
    assert sentences.nearest(word, iter(known)) == meant


def test_how_near_a_name_is_depends_on_the_asker():
    assert sentences.nearest("HIDDE", ["width", "hidden"], ignoring_case=True) == "hidden"
    assert sentences.nearest("chek", ["check"], cutoff=0.95) == ""
    assert sentences.nearest("kec", ["check"], cutoff=0.4) == "check"


def test_the_question_names_the_text_to_type():
    assert sentences.did_you_mean("hqnn check") == "did you mean `hqnn check`?"
    assert sentences.did_you_mean("") == ""
