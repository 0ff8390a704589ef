"""Options whose value is an entry with options of its own: read, printed back, changed by `--set`, and refused."""

from __future__ import annotations

import pytest

from hqnn_dsl import pipeline
from hqnn_dsl.catalog.entry import Entry, Option, Selection
from hqnn_dsl.catalog.noise import NOISES
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.diagnostics.source import Source
from hqnn_dsl.semantics.check import Checked


def text(backend: str) -> str:
    return f"""hqnn 1
let rate = 0.25
model m {{
  circuit on 2 qubits {{ feature_map angle(); ansatz brickwork() }}
  decoder {{ dense }}
  backend {backend}
}}
"""


def options(written: str, **changes: str) -> dict:
    checked = pipeline.check(Source("spec.hqnn", text(written)), changes)
    assert isinstance(checked, Checked)
    resolved = pipeline.program(Source("spec.hqnn", text(written)), changes).resolved
    again = pipeline.check(Source("again.hqnn", resolved))
    assert isinstance(again, Checked)
    assert again.spec.backend == checked.spec.backend
    return checked.spec.backend.options


def test_all_its_options_are_filled_in():
    noise = options("aer(noise: depolarizing(p2: 0.01))")["noise"]
    assert noise == NOISES["depolarizing"].selected(p2=0.01)
    assert (noise["p1"], noise["p2"], noise["readout"]) == (0.0, 0.01, 0.0)


@pytest.mark.parametrize("written", ['from("fake_torino")', "from(fake_torino)", "from(device: fake_torino)"])
def test_a_text_by_place_by_name_and_bare(written):
    assert options(f"aer(noise: {written})")["noise"] == Selection("from", (("device", "fake_torino"),))


def test_constants_of_the_spec_and_names_without_brackets():
    found = options("aer(noise: depolarizing(p1: rate / 2), gradient: spsa)")
    assert found["noise"]["p1"] == 0.125
    assert found["gradient"]["samples"] == 1
    assert options("aer(noise: none)")["noise"] is None


def test_set_takes_the_whole_backend_and_one_option():
    changed = options("aer", backend="aer(noise: depolarizing(p1: 0.5))")
    assert changed["noise"]["p1"] == 0.5
    noise = options("aer(shots: 7)", **{"backend.noise": "thermal(t1_us: 50, t2_us: 40)"})
    assert (noise["shots"], noise["noise"].name, noise["noise"]["gate1_ns"]) == (7, "thermal", 50.0)


def test_set_takes_an_option_of_an_entry_in_the_backend():
    noisy = "aer(shots: 7, noise: depolarizing(p1: 0.25, p2: rate))"
    whole = options(noisy, **{"backend.noise.p1": "rate / 4"})
    assert whole == options("aer(shots: 7, noise: depolarizing(p1: 0.0625, p2: 0.25))")
    assert options(noisy, p2="0.125")["noise"] == NOISES["depolarizing"].selected(p1=0.25, p2=0.125)
    assert options(noisy, **{"noise.readout": "0.5"})["noise"]["readout"] == 0.5
    assert (
        options("aer(noise: from(fake_torino))", **{"noise.device": "fake_manila"})["noise"]["device"] == "fake_manila"
    )
    bare = options("aer(noise: depolarizing, gradient: spsa)", **{"noise.p1": "0.5", "gradient.samples": "3"})
    assert (bare["noise"]["p1"], bare["gradient"]["samples"]) == (0.5, 3)
    both = {"backend.simulation": "matrix_product_state", "backend.simulation.bond": "4"}
    assert options("aer", **both)["simulation"]["bond"] == 4


@pytest.mark.parametrize(
    ("written", "path", "words"),
    [
        ("aer", "backend.noise.p1", "`noise` is `none` here, which has no `p1`; write `--set 'backend.noise=depolar"),
        ("aer(noise: thermal(t1_us: 1, t2_us: 1))", "noise.p1", "`noise` is `thermal` here, which has no `p1`;"),
        ("aer", "gradient.step", "`gradient` is `parameter_shift` here, which has no `step`;"),
        ("aer", "backend.noise.nosuch", ""),
        ("aer", "backend.nosuch.p1", ""),
        (
            "auto",
            "backend.shots",
            "`backend` is `auto` here, which has no `shots`; write `--set 'backend=aer(shots: …)'` or",
        ),
        (
            "auto",
            "backend.resilience",
            "`backend` is `auto` here, which has no `resilience`; write `--set 'backend=primitive(name: …, resi",
        ),
        ("auto", "backend.noise.p1", "`backend` is `auto` here, which has no `noise`; write"),
    ],
)
def test_set_says_what_to_name_first_for_an_option_of_an_entry_that_is_not_there(written, path, words):
    with pytest.raises(Refusal) as refused:
        options(written, **{path: "0.5"})
    (item,) = refused.value.diagnostics
    assert (item.code, item.span.source.name) == ("E0224", f"--set {path}")
    assert item.help.startswith(words)


def test_a_mistake_in_a_value_set_points_at_it():
    with pytest.raises(Refusal) as refused:
        options("aer(noise: depolarizing(p1: 0.1))", **{"backend.noise.p1": "2"})
    assert [(item.code, item.span.source.name) for item in refused.value.diagnostics] == [
        ("E0208", "--set backend.noise.p1")
    ]
    assert refused.value.exit_code == 2


def test_all_mistakes_inside_are_reported_at_once_each_in_its_place():
    with pytest.raises(Refusal) as refused:
        options("aer(noise: depolarizing(p1: 2, p3: 1, p1: 0.1), gradient: spsa(step: missing))")
    found = [(item.code, item.span.text) for item in refused.value.diagnostics]
    assert found == [("E0208", "2"), ("E0205", "p3"), ("E0212", "p1: 0.1"), ("E0201", "missing")]


def test_a_selection_is_hashable_and_writes_itself():
    entry = Entry(
        name="thing",
        doc="A thing.",
        options=tuple(Option(name=name, type="string", doc="", default=None) for name in "abcd"),
    )
    chosen = entry.selected(a='say "x\\y"', b=True, c=1.5)
    assert str(chosen) == 'thing(a: "say \\"x\\\\y\\"", b: true, c: 1.5, d: none)'
    assert str(Selection("plain")) == "plain"
    assert len({chosen, entry.selected(a='say "x\\y"', b=True, c=1.5)}) == 1
    with pytest.raises(KeyError):
        chosen["e"]
