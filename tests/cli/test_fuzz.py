"""Mutated specs and odd options: every one is accepted or refused with a diagnostic, and none is a bug of ours."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from hqnn_dsl import limits, pipeline
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.diagnostics.render import as_data, as_text
from hqnn_dsl.diagnostics.source import Source
from hqnn_dsl.diagnostics.terminal import printable
from hqnn_dsl.semantics.check import Checked
from hqnn_dsl.semantics.resolved_text import resolved_text

ROOT = Path(__file__).parents[2]
SEEDS = [*(ROOT / "specs").rglob("*.hqnn"), *(ROOT / "hqnn_dsl" / "catalog" / "blocks").glob("*.hqnn")]
_VALUES = """
-1 0 1e308 9223372036854775807 0.5 none auto pi true "" "a" [] [1] [[0]] x w qubits x[0] z[0]*z[0] 0..3 * not ( ) { }
, ; on measure repeat - : = é \x00 adam(1) huber(0) reference
"""
WORDS = [
    *_VALUES.split(),
    "3..0 step -1",
    "\n",
    "for q in 0..2 {",
    "weight w[qubits]",
    "input x[-1]",
    "1 / 0",
    'use "\x00"',
]
_PATHS = """
width epochs batch lr optimizer loss split split.test scale features target data.target clip device precision backend
backend.precision basis coupling transpile.target optimization reps axis entanglement real_amplitudes.reps stop
stop.patience scheduler task seed train.seed . a.b.c
"""
PATHS = [*_PATHS.split(), ""]


@pytest.fixture(autouse=True)
def _small_limits(monkeypatch):
    monkeypatch.setattr(limits, "MAX_STATEMENTS", 3_000)


def check(text: str, changes: dict[str, str] | None = None) -> None:
    """Whatever the text is, it is accepted, and then resolved, or refused with what can be shown."""
    refusal = None
    try:
        found = pipeline.check(Source("fuzz.hqnn", text), changes)
    except Refusal as caught:
        refusal = caught
    if refusal is None:
        assert not isinstance(found, Checked) or resolved_text(found).startswith("hqnn 1")
        return
    assert refusal.diagnostics
    assert refusal.exit_code in {1, 2}
    for item in refusal.diagnostics:
        assert printable(item.headline) in as_text(item)
        assert as_data(item)["code"] == item.code


def mutated(text: str, rng: random.Random) -> str:
    """The text with some pieces cut, doubled, swapped or replaced."""
    for _ in range(rng.randint(1, 3)):
        start = rng.randrange(len(text))
        end = min(len(text), start + rng.choice([1, 1, 3, 10, 40]))
        piece = rng.choice([*WORDS, "", text[start:end] * 2, text[end : end + 10] + text[start:end]])
        text = text[:start] + piece + text[end:]
    return text


def test_mutated_specs():
    rng = random.Random(7)
    texts = [path.read_text(encoding="utf-8") for path in sorted(SEEDS)]
    for _ in range(400):
        check(mutated(rng.choice(texts), rng))


def test_words_in_the_place_of_values():
    """Every number and name of a spec in turn replaced: these reach the checker, not only the parser."""
    rng = random.Random(8)
    text = (ROOT / "specs" / "model.hqnn").read_text(encoding="utf-8")
    words = [word for word in text.replace("(", " ").replace(")", " ").replace(",", " ").split() if word.isalnum()]
    for _ in range(300):
        check(text.replace(f" {rng.choice(words)}", f" {rng.choice(WORDS)}", 1))


def test_odd_options():
    rng = random.Random(9)
    text = (ROOT / "specs" / "model.hqnn").read_text(encoding="utf-8")
    for _ in range(300):
        check(text, {rng.choice(PATHS): rng.choice(WORDS) for _ in range(rng.randint(1, 2))})
