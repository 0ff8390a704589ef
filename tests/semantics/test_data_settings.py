"""`data { … }` and `train { … }`: settings of tables as records, as text again, and from options of the command."""

from __future__ import annotations

from dataclasses import replace

import pytest
from short import MAP, checked, spec_text

from hqnn_dsl import pipeline
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.diagnostics.source import Source
from hqnn_dsl.semantics.check import Checked
from hqnn_dsl.semantics.resolved_text import resolved_text
from hqnn_dsl.semantics.spec import Choice, ColumnRule, Read, Spec

WHOLE = """
data {
  read       delimiter: ";", decimal: ",", thousands: ".", encoding: "latin-1", comment: "#", missing: ["?", -999, n]
  target     species
  task       classification
  features   * except id, "a: b"
  categories one_hot(most: 7, unknown: refuse)
  missing    median(indicator: true)
  scale      features: min_max(-1, 1)
  columns    {
    price: log
    island: embedding(3);  date: [days, month]
    "Größe (µm)": [median(indicator: true), log(1)]
    zip: category, size: ordinal(low, mid, "very high"), 2020: number,
    n: [ordinal([1, 2.0, true]), none]
    allow: none; data: refuse
  }
  weights    "sample weight"
  split      validation: 0.2, test: 10, seed: 7, by: group(site)
}
train { loss focal(1); class_weights Adelie: 1, "Gentoo 2": 2.5, 0: 3, true: 4 }
decoder { dense(3) }
"""
ONE_HOT = {"most": 20, "unknown": "other"}


def spec_of(parts: str, changes: dict[str, str] | None = None) -> Spec:
    """The spec of a model; its resolved text means the same."""
    source = Source("spec.hqnn", spec_text(MAP, parts=f"{parts}\n{'' if 'decoder' in parts else 'decoder { dense }'}"))
    found = pipeline.check(source, changes)
    assert isinstance(found, Checked)
    text = resolved_text(found)
    again = pipeline.check(Source("resolved.hqnn", text))
    assert isinstance(again, Checked)
    assert replace(again.spec, constants={}) == replace(found.spec, constants={})
    assert resolved_text(again) == text
    return found.spec


def refused(parts: str, changes: dict[str, str] | None = None) -> list[tuple[str, str]]:
    """The codes that refuse a model, each with what is marked."""
    source = Source("spec.hqnn", spec_text(MAP, parts=f"{parts}\n{'' if 'decoder' in parts else 'decoder { dense }'}"))
    with pytest.raises(Refusal) as refusal:
        pipeline.check(source, changes)
    return [(item.code, item.span.text if item.span else "") for item in refusal.value.diagnostics]


def test_every_setting_is_read():
    spec = spec_of(WHOLE)
    data = spec.data
    assert data.read == Read(
        delimiter=";", decimal=",", thousands=".", encoding="latin-1", comment="#", missing=("?", "-999", "n")
    )
    assert (data.target, data.task, data.weights) == (("species",), "classification", "sample weight")
    assert data.features.excluded == ("id", "a: b")
    assert data.categories == Choice(name="one_hot", options={"most": 7, "unknown": "refuse"})
    assert data.missing == Choice(name="median", options={"indicator": True})
    assert data.scale.features == Choice(name="min_max", options={"low": -1.0, "high": 1.0})
    assert data.split.by == Choice(name="group", options={"column": "site"})
    assert (data.split.validation, data.split.test, data.split.seed) == (0.2, 10, 7)
    assert spec.train.class_weights == (("Adelie", 1.0), ("Gentoo 2", 2.5), ("0", 3.0), ("true", 4.0))
    assert spec.train.loss == Choice(name="focal", options={"gamma": 1.0})


def test_every_rule_of_a_column_is_read():
    data = spec_of(WHOLE).data
    log, category = Choice(name="log", options={"shift": 0.0}), Choice(name="category")
    embedding = Choice(name="embedding", options={"width": 3, "unknown": "other"})
    levels = Choice(name="ordinal", options={"levels": ["low", "mid", "very high"]})
    assert data.columns == (
        ColumnRule(column="price", scale=log),
        ColumnRule(column="island", code=(embedding,)),
        ColumnRule(column="date", code=(Choice(name="days"), Choice(name="month"))),
        ColumnRule(
            column="Größe (µm)",
            missing=Choice(name="median", options={"indicator": True}),
            scale=Choice(name="log", options={"shift": 1.0}),
        ),
        ColumnRule(column="zip", kind=category),
        ColumnRule(column="size", code=(levels,)),
        ColumnRule(column="2020", kind=Choice(name="number")),
        ColumnRule(
            column="n",
            code=(Choice(name="ordinal", options={"levels": ["1", "2.0", "true"]}),),
            scale=Choice(name="none"),
        ),
        ColumnRule(column="allow", scale=Choice(name="none")),
        ColumnRule(column="data", missing=Choice(name="refuse")),
    )
    assert data.rule("price").scale == log
    assert data.rule("other") == ColumnRule(column="other")


def test_columns_are_never_constants():
    """A name of a column means the column, whatever else it means."""
    text = spec_text(MAP, parts="data { split by: group(site); weights w; columns { z: log } }\ndecoder { dense }")
    found = checked(text.replace("hqnn 1\n", "hqnn 1\nlet site = 3\nlet w = 2\nlet z = 1\n", 1))
    assert found.spec.data.split.by == Choice(name="group", options={"column": "site"})
    assert found.spec.data.weights == "w"
    again = pipeline.check(Source("resolved.hqnn", resolved_text(found)))
    assert isinstance(again, Checked)
    assert again.spec.data == found.spec.data


@pytest.mark.parametrize(
    "parts",
    [
        'data { read encoding: "utf-16" }',
        'data { read delimiter: "\\t", missing: "none" }',
        "data { split by: random, seed: 3 }",
        "data { split by: stratified }",
        "data { split by: time(date), validation: 0.2 }",
        'data { split by: column("the part") }',
        'data { split by: rows("splits/yacht.csv", split: 3), validation: 0.1 }',
        "data { features a, b, c; categories one_hot }; encoder { dense; tanh }",
        "data { features a, b, c; columns { a: log } }; encoder { dense; tanh }",
        "data { features a, b, c; missing mean(indicator: true) }; encoder { dense; tanh }",
        "data { features a, b, c; missing mean }; encoder { dense; tanh }",
        "data { features a, b; categories refuse }",
        "data { features a, b }; encoder { tanh }",
        "data { features a; categories one_hot }",
        "data { scale target: robust }; train { intervals conformal(0.8) }",
        "data { scale features: quantile, target: min_max(0.1, 0.9) }; train { loss gaussian }",
        "data { target a, b; scale target: power }; train { loss quantile(0.1) }; decoder { dense }",
        "data { target a; task regression; missing drop_rows }; train { class_weights none }",
        "data { target a; categories ordinal(low, high) }; train { loss cross_entropy; class_weights balanced }",
    ],
)
def test_resolved_text_means_the_same(parts):
    spec_of(parts)


@pytest.mark.parametrize(
    ("parts", "task", "out_width", "last"),
    [
        ("", None, 1, None),
        ("data { target y }", None, 1, None),
        ("data { task regression }", "regression", 1, 1),
        ("data { target a, b }", "regression", 2, 2),
        ("data { scale target: none }", "regression", 1, 1),
        ("train { loss mae }", "regression", 1, 1),
        ("data { target a, b }; train { loss gaussian }", "regression", 4, 4),
        ("train { loss gaussian }; decoder { dense(2) }", "regression", 2, 2),
        ("data { task classification }", "classification", None, None),
        ("train { loss cross_entropy }", "classification", None, None),
        ("train { loss focal }; decoder { dense(5) }", "classification", None, 5),
        ("train { class_weights balanced }", None, 1, None),
    ],
)
def test_tasks_and_outputs(parts, task, out_width, last):
    spec = spec_of(parts)
    assert (spec.data.task, spec.out_width, spec.decoder[-1].out_width) == (task, out_width, last)


@pytest.mark.parametrize(
    ("parts", "in_width"),
    [
        ("data { features a, b, c }; encoder { dense; tanh }", 3),
        ("data { features a, b, c; missing median }; encoder { dense; tanh }", 3),
        ("data { features a, b, c; missing median(true) }; encoder { dense; tanh }", None),
        ("data { features a, b, c; categories refuse }; encoder { dense; tanh }", None),
        ("data { features a, b, c; columns { a: embedding } }; encoder { dense; tanh }", None),
        ("data { features a, b, c; columns { a: embedding } }; encoder { tanh }", 2),
        ("data { features a; categories one_hot }", 2),
    ],
)
def test_what_is_known_of_the_inputs(parts, in_width):
    assert spec_of(parts).in_width == in_width


def test_a_wrong_word_for_the_task_hides_what_follows_from_it():
    assert refused("data { task clasification }; decoder { dense(3) }") == [("E0206", "clasification")]
    assert refused("train { loss cros_entropy }; decoder { dense(3) }") == [("E0206", "cros_entropy")]
    assert refused("decoder { dense(3) }") == [("E0313", "dense(3)")]
    assert refused("data { task regression }; decoder { dense(3) }") == [("E0313", "dense(3)")]


@pytest.mark.parametrize(
    ("changes", "path", "wanted"),
    [
        ({"data.missing": "median"}, "missing", Choice(name="median", options={"indicator": False})),
        ({"missing": "mean", "missing.indicator": "true"}, "missing", Choice(name="mean", options={"indicator": True})),
        ({"categories.most": "5"}, "categories", Choice(name="one_hot", options={**ONE_HOT, "most": 5})),
        (
            {"columns.price": "log"},
            "columns",
            (ColumnRule(column="price", scale=Choice(name="log", options={"shift": 0.0})),),
        ),
        (
            {"data.columns.a b.c": "[date, hour]"},
            "columns",
            (ColumnRule(column="a b.c", kind=Choice(name="date"), code=(Choice(name="hour"),)),),
        ),
        ({'columns."a b"': "none"}, "columns", (ColumnRule(column="a b", scale=Choice(name="none")),)),
        (
            {"columns": "a: none, b: category"},
            "columns",
            (
                ColumnRule(column="a", scale=Choice(name="none")),
                ColumnRule(column="b", kind=Choice(name="category")),
            ),
        ),
        ({"split.by": "group(site)"}, "split.by", Choice(name="group", options={"column": "site"})),
        ({"by": "stratified"}, "split.by", Choice(name="stratified")),
        ({"delimiter": ";"}, "read.delimiter", ";"),
        ({"read.delimiter": "\\t"}, "read.delimiter", "\t"),
        ({"read.comment": "#"}, "read.comment", "#"),
        ({"read.missing": "?"}, "read.missing", ("?",)),
        ({"read.missing": "[-1, x]"}, "read.missing", ("-1", "x")),
        ({"data.weights": "w"}, "weights", "w"),
        ({"task": "classification"}, "task", "classification"),
        ({"scale.target": "log"}, "scale.target", Choice(name="log", options={"shift": 0.0})),
    ],
)
def test_options_of_the_command(changes, path, wanted):
    found = spec_of("data { target y }", changes).data
    for name in path.split("."):
        found = getattr(found, name)
    assert found == wanted


def test_options_of_the_command_for_classes():
    assert spec_of("", {"class_weights": "balanced"}).train.class_weights == "balanced"
    assert spec_of("", {"class_weights": 'a: 1, "b c": 2'}).train.class_weights == (("a", 1.0), ("b c", 2.0))
    before = "train { class_weights a: 1, b: 2 }"
    assert spec_of(before, {"class_weights.a": "3"}).train.class_weights == (("b", 2.0), ("a", 3.0))
    before = "train { class_weights balanced }"
    assert spec_of(before, {"train.class_weights.a": "3"}).train.class_weights == (("a", 3.0),)
    assert spec_of("", {"intervals": "conformal(0.5)"}).train.intervals.options == {"level": 0.5}
    assert spec_of("", {"loss": "focal"}).data.task == "classification"


def test_mistakes_of_options_are_located_in_them():
    assert refused("", {"columns.price": "logg"}) == [("E0206", "logg")]
    assert refused("", {"split.by": "group"}) == [("E0209", "group")]
    assert refused("data { target y }", {"columns.y": "log"}) == [("E0232", "log")]


def test_places_of_settings_are_kept_for_later_stages():
    spans = checked(spec_text(MAP, parts=WHOLE)).spans
    assert spans["data.columns.price"].text == "price: log"
    assert spans["data.columns.Größe (µm)"].text.startswith('"Größe (µm)": [')
    assert spans["data.split.by"].text == "by: group(site)"
    assert spans["data.read.decimal"].text == 'decimal: ","'
    assert spans["train.class_weights.Gentoo 2"].text == '"Gentoo 2": 2.5'
    assert spans["data.weights"].text == 'weights    "sample weight"'
