"""Work grows in proportion to the length of a text, whatever is repeated in it, and nothing can run away.

Calls are counted, which is exact; where a search could hide in one call, processor time is compared, generously. The
texts are of `lengths.py`, at lengths beyond those where the bounds on mistakes and advice begin to hold.
"""

from __future__ import annotations

import cProfile
import gc
import time

import pytest
from lengths import REPEATED, SCANNED

from hqnn_dsl import limits, pipeline
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.diagnostics.render import as_text, most_telling
from hqnn_dsl.diagnostics.source import Source

LENGTH = 400
LONG = dict.fromkeys(("weights", "inputs", "starts of many", "freezes"), 5_200)
"""Lengths at which the proofs about small circuits, whose work is bounded by itself, are no longer tried."""
SLACK = 2_000
"""Calls that a first run makes once, and never again."""


@pytest.fixture(autouse=True)
def little_advice(monkeypatch):
    """Bounds that hold from lengths on which a test can wait for."""
    monkeypatch.setattr(limits, "MAX_ADVICE", 2_000)


def said(text):
    """Everything that a command would print of a text."""
    try:
        found = pipeline.check(Source("spec.hqnn", text))
    except Refusal as refusal:
        items = refusal.diagnostics
    else:
        items = found if isinstance(found, tuple) else found.warnings
    return [as_text(item) for item in most_telling(items, limits.MAX_SHOWN)]


def calls(text):
    """How many calls of functions, Python's own counted, checking and printing take."""
    profile = cProfile.Profile()
    profile.enable()
    found = said(text)
    profile.disable()
    assert len(found) <= limits.MAX_SHOWN
    assert all(len(text) < 4 * limits.MAX_SHOWN_TEXT for text in found)
    return sum(entry.callcount for entry in profile.getstats())


@pytest.mark.parametrize("name", REPEATED)
def test_twice_the_length_takes_about_twice_the_calls_and_prints_a_bounded_text(name):
    length = LONG.get(name, LENGTH)
    said(REPEATED[name](10))
    once, twice = (calls(REPEATED[name](times * length)) for times in (1, 2))
    assert twice <= 2.3 * once + SLACK


@pytest.mark.parametrize("name", SCANNED)
def test_four_times_the_length_takes_about_four_times_as_long(name):
    def seconds(length):
        text = REPEATED[name](length)
        found = []
        gc.collect()
        gc.disable()  # which looks through all that other tests have left, the more often the longer a text is
        try:
            for _ in range(2):
                begin = time.process_time()
                said(text)
                found.append(time.process_time() - begin)
        finally:
            gc.enable()
        return min(found)

    assert seconds(4 * 4_000) < 9 * seconds(4_000)


def test_twice_as_many_changes_from_outside_take_about_twice_the_calls():
    def changing(number):
        source = Source("spec.hqnn", REPEATED["constants"](number) + "model m { }")
        changes = {f"a{place}": "2" for place in range(number)}
        profile = cProfile.Profile()
        profile.enable()
        with pytest.raises(Refusal, match="E0218"):
            pipeline.check(source, changes)
        profile.disable()
        return sum(entry.callcount for entry in profile.getstats())

    changing(10)
    once, twice = changing(300), changing(600)
    assert twice <= 2.3 * once + SLACK
