"""Features by their rules: what stands for gaps, how levels and dates become inputs, what is left out and refused."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from sklearn.impute import MissingIndicator, SimpleImputer
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler
from toy_model import toy_program

from hqnn_dsl.data.features import FittedFeatures
from hqnn_dsl.data.preprocess import Prepared, prepare
from hqnn_dsl.data.tables import read_table
from hqnn_dsl.diagnostics.diagnostic import Diagnostic, Refusal
from hqnn_dsl.diagnostics.placed import PlacedByCode

ROWS = 60
DRAW = np.random.default_rng(5)
ISLANDS = DRAW.choice(["Biscoe", "Dream", "Torgersen"], ROWS, p=[0.5, 0.3, 0.2])
FRAME = pd.DataFrame(
    {
        "mass": DRAW.normal(4200, 800, ROWS),
        "island": ISLANDS,
        "size": DRAW.choice(["low", "mid", "high"], ROWS),
        "zip": DRAW.choice([10115, 94110, 1010], ROWS),
        "day": pd.date_range("2024-01-31", periods=ROWS, freq="17h").strftime("%Y-%m-%d %H:%M"),
        "old": DRAW.choice([True, False], ROWS),
        "y": DRAW.normal(0, 1, ROWS),
    }
)
GAPS = FRAME.assign(
    mass=FRAME["mass"].mask(np.arange(ROWS) % 7 == 3),
    island=FRAME["island"].mask(np.arange(ROWS) % 9 == 4),
    day=FRAME["day"].mask(np.arange(ROWS) % 11 == 5),
)


def prepared(data: str, frame: pd.DataFrame = FRAME) -> Prepared:
    """A table as a spec with these settings of `data` reads it; the last column is the target."""
    program = toy_program(data=data, encoder="dense(2)", decoder="dense")
    return prepare(program.spec, read_table(frame), (None, None))


def refused(data: str, frame: pd.DataFrame = FRAME) -> tuple[Diagnostic, ...]:
    with pytest.raises(Refusal) as caught:
        prepared(data, frame)
    return caught.value.diagnostics


def inputs_of(found: Prepared, *names: str) -> np.ndarray:
    places = [found.preparation.features.inputs.index(name) for name in names]
    return found.inputs[:, places]


# ----------------------------------------------------------------------- gaps


@pytest.mark.parametrize("rule", ["median", "mean", "most_frequent", "constant(3000)"])
def test_gaps_of_numbers_are_filled_as_scikit_learn_fills_them(rule):
    found = prepared(f"features mass; missing {rule}; scale features: none", GAPS)
    name = rule.partition("(")[0]
    imputer = SimpleImputer(strategy=name, fill_value=3000.0) if name == "constant" else SimpleImputer(strategy=name)
    train = found.preparation.parts.train
    expected = imputer.fit(GAPS[["mass"]].iloc[train]).transform(GAPS[["mass"]])
    np.testing.assert_array_equal(found.inputs, expected)
    assert found.preparation.features.columns[0].missing.value == imputer.statistics_[0]


def test_the_most_frequent_number_is_the_smallest_of_several():
    frame = pd.DataFrame({"a": [3.0, 3, 1, 1, 2, np.nan] * 10, "y": np.arange(60.0)})
    found = prepared("missing most_frequent; scale features: none; split validation: 0, test: 0", frame)
    assert found.inputs[5, 0] == 1.0


def test_scaling_sees_the_filled_numbers():
    found = prepared("features mass; missing median", GAPS)
    train = found.preparation.parts.train
    filled = SimpleImputer(strategy="median").fit(GAPS[["mass"]].iloc[train]).transform(GAPS[["mass"]])
    np.testing.assert_allclose(found.inputs, StandardScaler().fit(filled[train]).transform(filled), rtol=1e-12)


def test_an_indicator_is_an_input_of_columns_with_gaps_in_training_rows():
    found = prepared("features mass, zip; missing median(indicator: true)", GAPS)
    assert found.preparation.features.inputs == ("mass", "mass_missing", "zip")
    expected = MissingIndicator().fit_transform(GAPS[["mass", "zip"]])
    np.testing.assert_array_equal(inputs_of(found, "mass_missing"), expected)


def test_gaps_of_categories_are_the_most_frequent_level_or_one_of_their_own():
    found = prepared("features island; missing median", GAPS)
    train = found.preparation.parts.train
    imputer = SimpleImputer(strategy="most_frequent").fit(GAPS[["island"]].iloc[train])
    filled = imputer.transform(GAPS[["island"]].astype(object))
    assert found.preparation.features.inputs == ("island=Biscoe", "island=Dream", "island=Torgersen")
    np.testing.assert_array_equal(found.inputs, OneHotEncoder(sparse_output=False).fit_transform(filled))
    own = prepared("features island; missing constant", GAPS)
    assert own.preparation.features.inputs[-1] == "island=missing"
    np.testing.assert_array_equal(own.inputs[:, -1], GAPS["island"].isna())


def test_gaps_of_dates_are_filled_too():
    found = prepared("features day; missing median; scale features: none", GAPS)
    days = (pd.to_datetime(GAPS["day"]) - pd.Timestamp("1970-01-01")) / pd.Timedelta("1D")
    train = found.preparation.parts.train
    first = np.floor(days.iloc[train].min())
    np.testing.assert_allclose(found.inputs[:, 0], (days.fillna(days.iloc[train].median()) - first), rtol=1e-9)


def test_rows_with_gaps_can_be_dropped_and_their_targets_too():
    frame = GAPS.assign(y=GAPS["y"].mask(np.arange(ROWS) == 1))
    found = prepared("features mass, island; missing drop_rows; target y", frame)
    gone = frame[["mass", "island", "y"]].isna().any(axis=1).to_numpy()
    np.testing.assert_array_equal(found.preparation.dropped, np.flatnonzero(gone))
    assert sorted(found.preparation.rows.tolist()) == np.flatnonzero(~gone).tolist()
    assert np.isfinite(found.inputs[~gone]).all()
    (item,) = _refusal_of_transform(found, frame)
    assert (item.code, "trained without such rows" in item.help) == ("E0513", True)


def _refusal_of_transform(found: Prepared, frame: pd.DataFrame) -> tuple[Diagnostic, ...]:
    with pytest.raises(Refusal) as caught:
        found.preparation.features.transform(frame[list(found.preparation.features.names)][["mass"]].assign(island="u"))
    return caught.value.diagnostics


def test_one_column_may_drop_rows_and_another_fill_them():
    found = prepared("features mass, island; missing median; columns { mass: drop_rows }", GAPS)
    np.testing.assert_array_equal(found.preparation.dropped, np.flatnonzero(GAPS["mass"].isna()))


def test_gaps_are_refused_with_the_rules_that_fill_them():
    items = refused("features mass, island, zip", GAPS)
    assert [item.code for item in items] == ["E0513", "E0513"]
    assert "rows 4, 11, 18, 25, 32 and 4 more" in items[0].headline
    assert "`missing median`" in items[0].help


# ----------------------------------------------------------------- categories


@pytest.mark.parametrize("most", [2, 3, 5, 12, 20, 30])
@pytest.mark.parametrize("seed", range(4))
def test_one_hot_is_the_encoder_of_scikit_learn(most, seed):
    draw = np.random.default_rng(seed)
    words = draw.choice([f"w{n}" for n in range(20)], 200, p=draw.dirichlet(np.ones(20)))
    frame = pd.DataFrame({"w": words, "y": np.arange(200.0)})
    found = prepared(f"features w; columns {{ w: one_hot({most}) }}; split seed: {seed}", frame)
    train = found.preparation.parts.train
    encoder = OneHotEncoder(handle_unknown="infrequent_if_exist", max_categories=most, sparse_output=False)
    with np.testing.suppress_warnings():
        encoder.fit(frame[["w"]].iloc[train])
        expected = encoder.transform(frame[["w"]])
    np.testing.assert_array_equal(found.inputs, expected)
    names = [name.replace("infrequent_sklearn", "other") for name in encoder.get_feature_names_out()]
    assert [name.replace("=", "_") for name in found.preparation.features.inputs] == names
    new = found.preparation.features.transform(pd.DataFrame({"w": ["w1", "new"]}))
    np.testing.assert_array_equal(new, encoder.transform(pd.DataFrame({"w": ["w1", "new"]})))


def test_a_level_that_is_named_other_keeps_its_input():
    frame = pd.DataFrame({"w": ["other", "u"] * 20 + ["a", "b"], "y": np.arange(42.0)})
    found = prepared("features w; categories one_hot(3); split validation: 0, test: 0", frame)
    assert found.preparation.features.inputs == ("w=other", "w=u", "w=(other)")


def test_an_embedding_is_an_index_and_others_are_0():
    found = prepared("features mass, island; columns { island: embedding(3) }")
    (vectors,) = found.preparation.features.embeddings
    assert (vectors.index, vectors.levels, vectors.width) == (1, 4, 3)
    assert found.preparation.features.width == 4
    expected = OrdinalEncoder().fit_transform(FRAME[["island"]]) + 1
    np.testing.assert_array_equal(found.inputs[:, 1:], expected)
    new = found.preparation.features.transform(pd.DataFrame({"mass": [1.0], "island": ["Crozet"]}))
    assert new[0, 1] == 0


def test_an_ordinal_is_a_place_in_an_order_and_scaled():
    found = prepared('features size; columns { size: [ordinal("low", "mid", "high"), none] }')
    np.testing.assert_array_equal(found.inputs[:, 0], FRAME["size"].map({"low": 0, "mid": 1, "high": 2}))
    scaled = prepared('features size; columns { size: ordinal("low", "mid", "high") }')
    train = scaled.preparation.parts.train
    np.testing.assert_allclose(scaled.inputs, StandardScaler().fit(found.inputs[train]).transform(found.inputs))
    (item,) = refused('features size; columns { size: ordinal("low", "high") }')
    assert (item.code, "the level `mid` in rows" in item.headline) == ("E0573", True)
    assert 'ordinal("low", "high", …)' in item.help


def test_unknown_levels_can_be_refused_in_all_rows():
    frame = FRAME.assign(island=["Crozet", *FRAME["island"][1:]], part=["test"] * 5 + ["train"] * (ROWS - 5))
    data = "features island; split by: column(part); target y; categories one_hot(unknown: refuse)"
    (item,) = refused(data, frame)
    assert (item.code, "`Crozet` in row 1" in item.headline) == ("E0574", True)
    assert "`Biscoe`, `Dream` and `Torgersen`" in item.help
    found = prepared("features island; categories embedding(2, unknown: refuse)")
    with pytest.raises(Refusal) as caught:
        found.preparation.features.transform(pd.DataFrame({"island": ["Dream", "Marion", "Crozet", "Marion"]}))
    assert [item.code for item in caught.value.diagnostics] == ["E0574", "E0574"]
    assert "`Marion` in rows 2 and 4" in str(caught.value)


def test_categories_can_be_refused():
    (item,) = refused("features *; categories refuse; columns { day: category }")
    assert item.code == "E0516"
    assert item.headline.startswith("`island`, `size` and `day` of `the frame` cannot be features: they hold text")


def test_numbers_are_levels_only_if_that_is_said():
    found = prepared("features zip; columns { zip: category }")
    assert found.preparation.features.inputs == ("zip=1010", "zip=10115", "zip=94110")
    as_text = found.preparation.features.transform(pd.DataFrame({"zip": ["1010", "94110.0"]}))
    np.testing.assert_array_equal(as_text, [[1, 0, 0], [0, 0, 1]])


# ---------------------------------------------------------------------- dates


def test_dates_are_days_since_the_first_training_date_or_parts_of_a_circle():
    found = prepared("features day; columns { day: [days, month, weekday, hour, none] }")
    times = pd.to_datetime(FRAME["day"])
    first = times.iloc[found.preparation.parts.train].min().normalize()
    np.testing.assert_allclose(inputs_of(found, "day_days")[:, 0], (times - first) / pd.Timedelta("1D"), atol=1e-9)
    turns = {
        "month": (times.dt.month - 1) / 12,
        "weekday": times.dt.weekday / 7,
        "hour": (times.dt.hour * 60 + times.dt.minute) / 1440,
    }
    for part, turn in turns.items():
        names = (f"day_{part}_sin", f"day_{part}_cos")
        expected = np.stack([np.sin(2 * np.pi * turn), np.cos(2 * np.pi * turn)], axis=1)
        np.testing.assert_allclose(inputs_of(found, *names), expected, atol=1e-9)


def test_days_are_scaled_wherever_they_stand_among_the_parts():
    plain, later = (prepared(f"features day; columns {{ day: [{parts}] }}") for parts in ("days", "month, days"))
    np.testing.assert_array_equal(inputs_of(plain, "day_days"), inputs_of(later, "day_days"))
    train = plain.preparation.parts.train
    assert plain.inputs[train].mean() == pytest.approx(0, abs=1e-9)


def test_a_run_knows_how_its_column_writes_days_and_months():
    days = pd.date_range("2024-01-01", periods=40).strftime("%d/%m/%Y")
    found = prepared("features day; scale features: none", pd.DataFrame({"day": days, "y": np.arange(40.0)}))
    assert found.preparation.features.columns[0].order == "day_month"
    again = found.preparation.features.transform(pd.DataFrame({"day": ["03/04/2024", "2024-04-03"]}))
    assert again[0, 0] == again[1, 0]
    with pytest.raises(Refusal, match="E0571"):
        found.preparation.features.transform(pd.DataFrame({"day": ["04/25/2024"]}))


# ---------------------------------------------------------------- which ones


def test_columns_that_tell_nothing_are_left_out_of_all_and_named():
    frame = FRAME.assign(
        name=[f"name {n}" for n in range(ROWS)],
        model=[f"model {n // 2}" for n in range(ROWS)],
        note=[f"a long text about the row {n % 50} that nobody has written" for n in range(ROWS)],
        planet="Earth",
        k=3,
        empty=np.nan,
    )
    found = prepared("target y", frame)
    assert found.preparation.features.names == ("mass", "island", "size", "zip", "day", "old")
    (note,) = [note for note in found.notes if note.code == "W0450"]
    assert "`name` (a different text in almost every row)" in note.headline
    assert "`model` (fewer than two rows a text)" in note.headline
    assert "`note` (long texts)" in note.headline
    assert "`planet` (one value), `k` (one value) and `empty` (no value)" in note.headline
    report = {line.column: line for line in found.report}
    assert (report["planet"].role, report["planet"].rule) == ("left out", "one value")
    assert report["empty"].missing == ROWS


def test_it_is_judged_by_the_rows_to_train_on():
    part = np.array(["train"] * 40 + ["test"] * 20)
    frame = FRAME.assign(k=np.where(part == "test", np.arange(ROWS), 7), part=part)
    found = prepared("target y; features * except part; split by: column(part)", frame)
    assert "k" not in found.preparation.features.names


def test_a_rule_of_its_own_makes_any_column_a_feature():
    frame = FRAME.assign(name=[f"name {n}" for n in range(ROWS)], k=3)
    found = prepared("target y; columns { name: embedding(2); k: none }", frame)
    assert {"name", "k"} <= set(found.preparation.features.names)
    assert [note.code for note in found.notes if note.code in {"W0450", "W0451"}] == ["W0451"]


def test_named_columns_that_tell_nothing_are_refused_or_warned_of():
    frame = FRAME.assign(name=[f"name {n}" for n in range(ROWS)], k=3, empty=np.nan)
    items = refused("target y; features name, mass, empty, k; missing median", frame)
    assert [item.code for item in items] == ["E0579", "E0580"]
    assert "columns { name: embedding(4) }" in items[0].help
    found = prepared("target y; features mass, k", frame)
    (note,) = [note for note in found.notes if note.code == "W0451"]
    assert note.headline == "the feature `k` is `3` in all rows to train on"
    assert (inputs_of(found, "k") == 0).all()


def test_columns_of_weights_and_of_groups_are_no_features():
    frame = FRAME.assign(w=1.5, site=np.arange(ROWS) % 12)
    found = prepared("target y; weights w; split by: group(site)", frame)
    assert not {"w", "site"} & set(found.preparation.features.names)
    (note,) = [note for note in found.notes if note.code == "W0450"]
    assert "`w` (weights) and `site` (of the split)" in note.headline
    assert "site" in prepared("target y; features site, mass; split by: group(site)", frame).preparation.features.names


def test_without_a_feature_that_tells_something_the_table_is_refused():
    frame = pd.DataFrame({"name": [f"n{n}" for n in range(30)], "k": 1, "y": np.arange(30.0)})
    assert [item.code for item in refused("features *", frame)] == ["E0518"]


# --------------------------------------------------------------------- rules

MISFITS = {
    "log of text": (
        "features island; columns { island: log }", "`log` is for numbers, but `island` holds text", "ordinal",
    ),
    "embedding of numbers": (
        "features zip; columns { zip: embedding(2) }", "`embedding` is for categories, but `zip` holds numbers",
        "`zip: [category, embedding]`",
    ),
    "days of numbers": (
        "features zip; columns { zip: days }", "`days` is for dates, but `zip` holds numbers", "`zip: [date, days]`",
    ),
    "days of text": (
        "features island; columns { island: days }", "`days` is for dates, but `island` holds text", "out",
    ),
    "levels of dates": (
        "features day; columns { day: one_hot }", "`one_hot` is for categories, but `day` holds dates", "",
    ),
    "code of a target": ("columns { y: one_hot }", "`one_hot` is for features, but `y` holds numbers", ""),
}  # fmt: skip


@pytest.mark.parametrize(("data", "words", "help_words"), MISFITS.values(), ids=MISFITS)
def test_rules_for_other_kinds_of_columns_are_refused(data, words, help_words):
    (item,) = refused(data)
    assert item.code == "E0577"
    assert words in item.headline
    assert help_words in item.help


def test_advice_for_a_rule_that_does_not_fit_works_when_it_is_typed():
    assert prepared("features zip; columns { zip: [category, embedding] }").preparation.features.embeddings
    assert prepared("features day; columns { day: [days, log(shift: 1)] }").inputs.shape[1] == 1


@pytest.mark.parametrize(("values", "rule"), [([0.0, 1, 2], "log"), ([-3.0, 1, 2], "log(shift: 2)")])
def test_what_has_no_logarithm_is_refused_with_its_rows_and_a_shift_that_works(values, rule):
    frame = pd.DataFrame({"x": values * 10, "y": np.arange(30.0)})
    (item,) = refused(f"features x; columns {{ x: {rule} }}", frame)
    assert (item.code, "in rows 1, 4, 7, 10, 13 and 5 more" in item.headline) == ("E0572", True)
    shift = item.help.partition("`")[2].partition("`")[0]
    assert np.isfinite(prepared(f"features x; columns {{ x: {shift} }}", frame).inputs).all()
    target = pd.DataFrame({"x": np.arange(30.0), "y": values * 10})
    (item,) = refused(f"task regression; scale target: {rule}", target)
    assert (item.code, "the target `y` has no logarithm" in item.headline) == ("E0572", True)


def test_an_own_rule_wins_over_that_of_the_table():
    data = "features mass, zip; missing mean; scale features: min_max; columns { zip: [median, robust] }"
    columns = prepared(data, GAPS).preparation.features.columns
    assert [(one.missing.rule, one.scale.rule) for one in columns] == [("mean", "min_max"), ("median", "robust")]


def test_rules_of_columns_that_are_not_there_or_not_read_are_refused():
    items = refused("columns { mas: log; speed: median }")
    assert [item.code for item in items] == ["E0510", "E0510"]
    assert "the column with a rule `mas`" in items[0].headline
    assert "did you mean `mass`?" in items[0].help


def test_all_mistakes_of_a_table_are_found_in_one_go():
    frame = GAPS.assign(w=-1.0, bad=["1", "x"] * 30, odd=["1", "2", "3"] * 19 + ["1", "2", "x"])
    data = """target y, z; weights w; features mass, odd, island, zip, ghost, size
              columns { size: ordinal("low", "high"); zip: embedding(2) }"""
    codes = sorted(item.code for item in refused(data, frame))
    assert codes == ["E0510", "E0510", "E0513", "E0513", "E0515", "E0573", "E0575", "E0577"]


PLACES = {
    "features island, mass; columns { island: log }": ("E0577", "island: log"),
    "features mass; columns { mass: log }": ("E0572", "mass: log"),
    'features size; columns { size: ordinal("low", "mid") }': ("E0573", 'size: ordinal("low", "mid")'),
    "features island; categories refuse": ("E0516", "features island"),
    "features mass, name": ("E0579", "features mass, name"),
    "features mass; weights low": ("E0575", "weights low"),
}


@pytest.mark.parametrize("data", PLACES)
def test_a_mistake_has_its_place_in_the_spec_too(data):
    program = toy_program(data=f"target y; {data}")
    frame = FRAME.assign(name=[f"n{n}" for n in range(ROWS)], mass=FRAME["mass"] - 4200, low=-1.0)
    with pytest.raises(Refusal) as caught, PlacedByCode(program.checked.spans):
        prepare(program.spec, read_table(frame), (None, None))
    (item,) = caught.value.diagnostics
    assert (item.code, item.span.text) == PLACES[data]


# ----------------------------------------------------------------------- runs

EVERY_RULE = """
  features *
  missing median(indicator: true)
  scale features: standard
  columns {
    mass: [mean, quantile]; island: one_hot(2); zip: [category, embedding(2)]; old: most_frequent
    size: [constant, ordinal("low", "mid", "high", "missing"), power]; day: [days, month, weekday, hour, robust]
  }
"""


def test_what_was_fitted_survives_json_and_gives_the_same_inputs_to_the_bit():
    found = prepared(EVERY_RULE, GAPS)
    text = json.dumps(found.preparation.features.to_json())
    again = FittedFeatures.from_json(json.loads(text))
    assert again == found.preparation.features
    np.testing.assert_array_equal(again.transform(GAPS), found.inputs)
    shuffled = GAPS.iloc[::-1, ::-1].assign(more="u")
    np.testing.assert_array_equal(again.transform(shuffled), found.inputs[::-1])


def test_the_report_says_what_was_made_of_each_column():
    found = prepared(EVERY_RULE, GAPS)
    lines = {line.column: line for line in found.report}
    assert list(lines) == [*GAPS.columns]
    assert lines["mass"].kind == "number"
    assert lines["mass"].rule == "mean + indicator, quantile" or lines["mass"].rule == "mean, quantile"
    assert lines["mass"].missing == GAPS["mass"].isna().sum()
    assert "gaps are" in lines["mass"].fitted
    assert lines["island"].fitted == "gaps are `Biscoe`; 1 level: Biscoe; 2 others share one input"
    assert lines["zip"].fitted == "3 levels: 1010, 10115 and 94110; vectors of 2"
    assert lines["day"].rule == "median + indicator, days, month, weekday, hour, robust"
    assert lines["day"].fitted.startswith("gaps are 2024-")
    assert (lines["day"].inputs, lines["y"].role) == (8, "target")
    assert sum(line.inputs for line in found.report) == len(found.preparation.features.inputs)


def test_cells_of_a_later_table_are_refused_all_together():
    found = prepared("features mass, island, day, old")
    frame = FRAME.head(4).assign(mass=["1", "2", "u", np.nan], day=["2024-01-01", "x", "y", "2024-02-30"])
    with pytest.raises(Refusal) as caught:
        found.preparation.features.transform(frame)
    assert [item.code for item in caught.value.diagnostics] == ["E0515", "E0571"]
    with pytest.raises(Refusal) as caught:
        found.preparation.features.transform(frame.drop(columns=["mass", "island"]))
    assert "needs `mass` and `island`" in str(caught.value)
    text = frame.assign(mass=["u", "v", "w", "x"], day=FRAME["day"].head(4))
    with pytest.raises(Refusal, match="the run was trained with numbers in this column"):
        found.preparation.features.transform(text)


def test_preparing_a_large_table_takes_seconds():
    import time

    rows = 200_000
    draw = np.random.default_rng(0)
    frame = pd.DataFrame({f"x{n}": draw.normal(size=rows) for n in range(6)})
    frame["a"] = draw.choice([f"level {n}" for n in range(50)], rows)
    frame["b"] = draw.choice(["u", "v"], rows)
    frame["day"] = (pd.Timestamp("2020-01-01") + pd.to_timedelta(np.arange(rows), unit="min")).strftime(
        "%Y-%m-%d %H:%M"
    )
    frame["gap"] = np.where(np.arange(rows) % 5, draw.normal(size=rows), np.nan)
    frame["c"] = draw.choice([True, False], rows)
    frame["y"] = draw.normal(size=rows)
    begun = time.perf_counter()
    found = prepared("target y; missing median(indicator: true)", frame)
    assert time.perf_counter() - begun < 10
    assert found.inputs.shape == (rows, 6 + 20 + 2 + 1 + 2 + 1)
