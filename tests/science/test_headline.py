"""The first sentences of a comparison, where it is known what the scores allow."""

from __future__ import annotations

import numpy as np
import pytest

from hqnn_dsl.science.comparison.files import ContenderRecord
from hqnn_dsl.science.comparison.headline import headline
from hqnn_dsl.science.comparison.summary import _curves_said
from hqnn_dsl.science.statistics.comparison import compare
from hqnn_dsl.science.statistics.units import Score, folds_layout

RMSE = Score.of("rmse")
OWN = (1 + 0.01 * np.random.default_rng(1).normal(size=10)).tolist()
FOUND = {
    "better": [value + 1 + 0.02 * (-1) ** fold for fold, value in enumerate(OWN)],
    "worse": [value - 0.5 + 0.02 * (-1) ** fold for fold, value in enumerate(OWN)],
    "practically equivalent": OWN,
    "no evidence of a difference": [value + 0.4 * (-1) ** fold for fold, value in enumerate(OWN)],
    "untested": [None, *OWN[1:]],
}
"""Scores of a contender beside which the own one is so found."""


def lines(**findings: str) -> list[str]:
    """The sentences where the model is so found beside contenders of these names, whose titles are their names."""
    classical = {"linear", "forest"}
    present = [ContenderRecord(name="own", title="the model", kind="own")]
    present += [
        ContenderRecord(name=name, title=name.upper(), kind="classical" if name in classical else "control")
        for name in findings
    ]
    scores = {"own": OWN, **{name: FOUND[finding] for name, finding in findings.items()}}
    compared = compare("own", scores, folds_layout(5, 2, 300), RMSE, seed=0)
    assert {one.other: one.finding for one in compared} == findings
    return headline(compared, present, scores, RMSE)


TIE, OPEN = "no evidence of a difference", "untested"


@pytest.mark.parametrize(
    ("findings", "wanted"),
    [
        (("better", "better", "better"), "the quantum layer helps here: the model is better than NO_CIRCUIT, "),
        (
            ("better", "better", OPEN),
            "whether the quantum layer helps is open: the model is better than NO_CIRCUIT and ",
        ),
        (("better", TIE, OPEN), "no evidence that it takes a quantum layer: the model is better than NO_CIRCUIT, but "),
        (
            ("better", "worse", "better"),
            "no evidence that it takes a quantum layer: the model is better than NO_CIRCUIT ",
        ),
        ((TIE, TIE, TIE), "no evidence that the quantum layer helps: no clear difference from NO_CIRCUIT, "),
        (("worse", TIE, TIE), "no evidence that the quantum layer helps: the model is worse than NO_CIRCUIT, and "),
        ((OPEN, OPEN, OPEN), "nothing says whether the quantum layer helps: "),
    ],
)
def test_the_layer_helps_only_if_every_twin_is_beaten(findings, wanted):
    twins = dict(zip(("no_circuit", "width_twin", "parameter_twin"), findings, strict=True))
    first = lines(**twins)[0]
    assert first.startswith(wanted)
    if OPEN in findings and {*findings} != {OPEN}:
        assert first.endswith("PARAMETER_TWIN could not be compared")


@pytest.mark.parametrize(
    ("finding", "wanted"),
    [
        ("better", "the model is better than SURROGATE, a classical model of the circuit's frequencies"),
        ("worse", "SURROGATE, a classical model of the circuit's frequencies, is better than the model"),
        ("practically equivalent", "the model is practically equivalent to SURROGATE, a classical"),
        (TIE, "there is no evidence of a difference between the model and SURROGATE, a classical"),
    ],
)
def test_what_is_said_of_the_surrogate(finding, wanted):
    assert any(line.startswith(wanted) for line in lines(surrogate=finding))


def test_classical_models_that_win_are_named():
    said = lines(linear="worse", forest="better")
    assert "LINEAR is better than the model" in said
    assert any(line.startswith("the best mean RMSE is that of LINEAR: ") for line in said)


def test_curves_without_evidence_share_a_line():
    curves = [
        {"other": "a", "finding": TIE, "sentence": "one"},
        {"other": "b", "finding": "needs fewer rows", "sentence": "two"},
        {"other": "c", "finding": TIE, "sentence": "three"},
        {"other": "d", "finding": OPEN, "sentence": "four"},
    ]
    assert _curves_said(curves, {name: name.upper() for name in "abcd"}) == [
        "two",
        "learning curves: no evidence that it needs fewer or more rows than A and C",
        "learning curves: not comparable with D",
    ]
