"""Every rule by which rows come into their parts: scikit-learn's draws, whole groups, times in order, given parts."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rows_of_tables import split_rows
from sklearn.model_selection import GroupShuffleSplit, train_test_split

from hqnn_dsl.data.tables import Lines
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.diagnostics.notices import notices_sent_to
from hqnn_dsl.diagnostics.source import Source
from hqnn_dsl.semantics.spec import Choice, Split
from hqnn_dsl.semantics.used_files import Reach


def by(rule: str, **options: object) -> Choice:
    return Choice(name=rule, options=options)


def columns(**values: object):
    arrays = {name: value if isinstance(value, np.ndarray) else np.array(value) for name, value in values.items()}
    return arrays.__getitem__


def refused(*args, **kwargs) -> list[str]:
    with pytest.raises(Refusal) as caught:
        split_rows(*args, **kwargs)
    return [f"{item.code} {item.headline}; {item.help}" for item in caught.value.diagnostics]


def assert_apart(parts, num_rows: int, dropped=()) -> None:
    rows = np.concatenate([own for _, own in parts.items()])
    assert sorted(rows) == sorted(set(range(num_rows)) - {int(row) for row in dropped})
    assert all(own.tolist() == sorted(own) for _, own in parts.items())


# ----------------------------------------------------------------------------------------------------------- properties


@st.composite
def asked(draw):
    num_rows = draw(st.integers(12, 120))
    rule = draw(st.sampled_from(["random", "stratified", "group", "time"]))
    split = Split(
        validation=draw(st.sampled_from([0, 0.15, 0.2, 3])), test=draw(st.sampled_from([0, 0.1, 0.25, 2])),
        seed=draw(st.integers(0, 2**40)), by=by(rule, **({} if rule in {"random", "stratified"} else {"column": "c"})),
    )  # fmt: skip
    values = draw(st.lists(st.integers(0, draw(st.integers(1, 40))), min_size=num_rows, max_size=num_rows))
    dropped = draw(st.sets(st.integers(0, num_rows - 1), max_size=3))
    return num_rows, split, np.array(values), np.array(sorted(dropped), dtype=np.int64)


@given(asked())
@settings(max_examples=400, deadline=None)
def test_parts_are_disjoint_and_cover_all_rows_that_are_not_dropped(case):
    num_rows, split, values, dropped = case
    classes = values % 4 if split.by.name == "stratified" else None
    try:
        with notices_sent_to(lambda _: None):
            parts = split_rows(num_rows, split, 0, column=columns(c=values), classes=classes, dropped=dropped)
    except Refusal as refusal:
        if {item.code for item in refusal.diagnostics} <= {"E0597", "E0521"}:
            return
        raise
    assert_apart(parts, num_rows, dropped)
    left = num_rows - len(dropped)
    if split.by.name in {"random", "stratified"}:
        wanted = split.test if isinstance(split.test, int) else int(np.ceil(split.test * left - 1e-9))
        assert len(parts.test) == wanted
    if split.by.name == "group":
        owners = [set(values[own]) for _, own in parts.items()]
        assert len(set.union(*owners)) == sum(map(len, owners))
    if split.by.name == "time":
        ordered = [values[own] for _, own in parts.items() if len(own)]
        assert all(before.max() < after.min() for before, after in pairwise(ordered))
    if classes is not None:
        assert set(classes[parts.train]) == set(np.delete(classes, dropped))


# ----------------------------------------------------------------------------------------------------------- stratified


@pytest.mark.parametrize("seed", [0, 1, 7, 2**32 - 1, 2**40 + 5])
@pytest.mark.parametrize("sizes", [(152, 68, 124), (50, 50), (4, 90, 6), (10, 10, 10, 10, 3)])
@pytest.mark.parametrize(("validation", "test"), [(0.15, 0.15), (0.2, 0), (0, 0.3), (17, 9)])
def test_classes_are_split_as_train_test_split_does(seed, sizes, validation, test):
    classes = np.random.default_rng(3).permutation(np.repeat(np.arange(len(sizes)), sizes))
    n = len(classes)
    rest, tested, validated = np.arange(n), np.array([], int), np.array([], int)
    state = seed % 2**32
    wanted = [part if isinstance(part, int) else int(np.ceil(part * n - 1e-9)) for part in (test, validation)]
    if test:
        rest, tested = train_test_split(rest, test_size=wanted[0], random_state=state, stratify=classes[rest])
    if validation:
        if np.bincount(classes[rest])[np.unique(classes[rest])].min() < 2:
            pytest.skip("scikit-learn refuses a class with one row left")
        rest, validated = train_test_split(rest, test_size=wanted[1], random_state=state, stratify=classes[rest])
    parts = split_rows(n, Split(validation=validation, test=test, seed=seed), 0, classes=classes)
    assert [own.tolist() for _, own in parts.items()] == [sorted(rest), sorted(validated), sorted(tested)]


def test_classes_are_stratified_without_a_word_and_numbers_are_not():
    classes = np.array([0] * 90 + [1] * 10)
    stratified = split_rows(100, Split(test=0.2, validation=0.2, seed=3), 0, classes=classes)
    assert [int(classes[own].sum()) for _, own in stratified.items()] == [6, 2, 2]
    drawn = split_rows(100, Split(test=0.2, validation=0.2, seed=3, by=by("random")), 0, classes=classes)
    plain = split_rows(100, Split(test=0.2, validation=0.2, seed=3), 0)
    assert drawn.test.tolist() == plain.test.tolist() != stratified.test.tolist()


WARNED = (
    "warning[W0465]: class `b c` has one row, which goes to training; collect more rows of it, or leave it out of "
    "the table"
)


def test_a_class_with_one_row_goes_to_training_with_a_warning():
    classes = np.array([0] * 30 + [1] + [2] * 30)
    for seed in range(20):
        said = []
        with notices_sent_to(said.append):
            parts = split_rows(
                61, Split(seed=seed), 0, classes=classes, labels=("a", "b c", "d"), lines=Lines(np.arange(2, 63))
            )
        assert 30 in parts.train
        assert [notice.line for notice in said] == [WARNED]
    with notices_sent_to(said.append):
        split_rows(61, Split(), 0, classes=classes, lines=Lines(np.arange(2, 63)))
    assert "the class of line 32 has one row" in said[-1].line


def test_a_class_that_training_would_lack_is_refused_with_its_lines():
    classes = np.zeros(40, dtype=int)
    classes[[3, 4]] = 1
    split = Split(test=0.8, validation=0.1, seed=1, by=by("random"))
    (found,) = refused(40, split, 0, classes=classes, labels=("x", "y"))
    assert found == (
        "E0597 the rows cannot be split by `random`: no row of class `y` is left to train on, all are for validation "
        "or test (rows 4 and 5); collect more rows of this class, or make the other parts smaller; or write "
        "`by: stratified` in the split"
    )


# --------------------------------------------------------------------------------------------------------------- groups


@pytest.mark.parametrize("seed", range(10))
def test_groups_of_one_size_are_those_of_group_shuffle_split(seed):
    groups = np.tile(np.arange(20), 5)
    shuffle = GroupShuffleSplit(1, test_size=0.2, random_state=seed)
    _, tested = next(shuffle.split(groups, groups=groups))
    parts = split_rows(
        100, Split(test=0.2, validation=0, seed=seed, by=by("group", column="g")), 0, column=columns(g=groups)
    )
    assert parts.test.tolist() == sorted(tested)


@pytest.mark.parametrize("seed", range(10))
def test_groups_that_are_written_in_several_ways_stay_together(seed):
    words = ["1", "1.0", "01", " 1 ", "TRUE", "true", "b", " b", "c", "d", "e"]
    meant = ["1", "1", "1", "1", "true", "true", "b", "b", "c", "d", "e"]
    parts = split_rows(
        66,
        Split(validation=0.2, test=0.3, seed=seed, by=by("group", column="g")),
        0,
        column=columns(g=np.array(words * 6, dtype=object)),
    )
    found = [{(meant * 6)[row] for row in rows} for _, rows in parts.items()]
    assert sum(map(len, found)) == len(set(meant))


@pytest.mark.parametrize("kind", ["int64", "float64", "bool", "datetime64[s]", "timedelta64[s]", "str", "object"])
def test_groups_may_be_of_any_type(kind):
    groups = np.tile(np.arange(2), 20).astype(kind)
    parts = split_rows(40, Split(validation=0, test=0.5, by=by("group", column="g")), 0, column=columns(g=groups))
    assert len(parts.test) == 20
    assert len(set(parts.test % 2)) == 1


def test_groups_of_any_size_come_near_the_number_of_rows():
    random = np.random.default_rng(0)
    groups = np.repeat(np.arange(60), random.integers(1, 12, 60)).astype(str)
    for seed in range(30):
        parts = split_rows(
            len(groups), Split(seed=seed, by=by("group", column="g")), 0, column=columns(g=groups.astype(object))
        )
        for part in (parts.test, parts.validation):  # a group too many or too few is at most half a group
            assert abs(len(part) - np.ceil(0.15 * len(groups))) <= 5.5


def test_few_large_groups_still_give_every_part_one():
    groups = np.repeat(["a", "b", "c"], [50, 50, 50])
    parts = split_rows(150, Split(by=by("group", column="g"), seed=1), 0, column=columns(g=groups))
    assert [len(own) for _, own in parts.items()] == [50, 50, 50]


def test_groups_that_cannot_be_split_are_refused():
    one = columns(g=np.array(["a"] * 30, dtype=object))
    (found,) = refused(30, Split(by=by("group", column="g")), 0, column=one)
    assert found == (
        'E0597 the rows cannot be split by `group(column: "g")`: all rows to be split are of one group; write '
        "`by: random`, or name a column with more different values"
    )
    gap = np.array(["a", None, "b", np.nan] * 5, dtype=object)
    found = refused(20, Split(by=by("group", column="g")), 0, column=columns(g=gap), lines=Lines(np.arange(2, 22)))
    assert "column `g` has no group in lines 3, 5, 7, 9, 11 and 5 more" in found[0]


# ----------------------------------------------------------------------------------------------------------------- time


@pytest.mark.parametrize(
    "values",
    [
        np.arange(100)[::-1],
        np.arange(100)[::-1] / 7,
        pd.date_range("2024-01-01", periods=100, freq="h")[::-1].to_numpy(),
        np.array([f"20{year:02d}-03-01" for year in range(99, -1, -1)], dtype=object),
        np.array(
            [f"2024-01-01T{99 - row:02d}:00:00"[:11] + f"{(99 - row) % 24:02d}:00" for row in range(24)] * 1, object
        ),
    ],
    ids=["whole", "decimal", "dates", "text", "hours"],
)
def test_the_latest_rows_test_and_nothing_is_shuffled(values):
    n = len(values)
    parts = split_rows(n, Split(by=by("time", column="t"), seed=None), 5, column=columns(t=values))
    assert_apart(parts, n)
    times = pd.Series(values) if values.dtype != object else pd.to_datetime(pd.Series(values))
    assert times[parts.train].max() < times[parts.validation].min()
    assert times[parts.validation].max() < times[parts.test].min()
    assert len(parts.test) == len(parts.validation) == int(np.ceil(0.15 * n - 1e-9))


@pytest.mark.parametrize("form", ["%d.%m.%Y", "%d/%m/%Y", "%b %d, %Y", "%Y%m%d"])
def test_times_are_read_as_dates_of_features_are(form):
    days = pd.date_range("2020-01-05", periods=60, freq="17D")[np.random.default_rng(0).permutation(60)]
    words = np.array([day.strftime(form) for day in days], dtype=object)
    parts = split_rows(60, Split(by=by("time", column="t")), 0, column=columns(t=words))
    assert days[parts.train].max() < days[parts.validation].min()
    assert days[parts.validation].max() < days[parts.test].min()


def test_a_time_with_two_meanings_is_refused():
    words = np.array([f"0{1 + row % 9}/0{1 + row // 9}/2024" for row in range(40)], dtype=object)
    found = refused(40, Split(by=by("time", column="t")), 0, column=columns(t=words))
    assert "column `t` has no date of one meaning only in rows 2, 3, 4, 5, 6 and" in found[0]


def test_equal_times_stay_in_one_part():
    days = np.repeat(np.arange(20), 7)
    parts = split_rows(140, Split(by=by("time", column="t")), 0, column=columns(t=days))
    assert [sorted(set(days[own])) for _, own in parts.items()] == [list(range(14)), [14, 15, 16], [17, 18, 19]]


def test_times_that_cannot_be_split_are_refused():
    same = columns(t=np.full(30, 5))
    assert "all rows to be split have the same time" in refused(30, Split(by=by("time", column="t")), 0, column=same)[0]
    words = np.array(["2024-01-01"] * 10 + ["soon"] * 2 + ["2024-02-01"] * 8, dtype=object)
    found = refused(20, Split(by=by("time", column="t")), 0, column=columns(t=words), lines=Lines(np.arange(2, 22)))
    assert "column `t` has no date or number in lines 12 and 13, such as `soon`" in found[0]


# ---------------------------------------------------------------------------------------------------------- given parts


def test_a_column_says_the_parts_in_any_of_their_words():
    words = np.array([" Train", "TEST", "val", "dev", "training", "testing", "valid", "validation", "train"], object)
    parts = split_rows(9, Split(by=by("column", name="part")), 0, column=columns(part=words))
    assert [own.tolist() for _, own in parts.items()] == [[0, 4, 8], [2, 3, 6, 7], [1, 5]]


def test_a_column_without_validation_rows_has_none():
    words = np.array(["train", "test"] * 20, dtype=object)
    parts = split_rows(40, Split(by=by("column", name="part"), seed=1), 0, column=columns(part=words))
    assert [len(own) for _, own in parts.items()] == [20, 0, 20]
    assert parts.test.tolist() == list(range(1, 40, 2))


@pytest.mark.parametrize(
    ("cells", "says"),
    [
        (["train", "tset", "test", "train"], "in line 3: `tset`; did you mean `test`?"),
        ([1, 0, 1, 1], "in lines 2, 3, 4 and 5: `1` and `0`; write `train`, `validation` or `test` in every row"),
        (["train", None, "test", "train"], "in line 3: no word; write `train`"),
    ],
)
def test_a_word_that_is_no_part_is_refused_with_its_line(cells, says):
    values = np.array(cells, dtype=object)
    found = refused(4, Split(by=by("column", name="p")), 0, column=columns(p=values), lines=Lines(np.arange(2, 6)))
    assert found[0].startswith(f"E0558 column `p` says no part of the rows {says}")


def test_a_column_without_training_rows_is_refused():
    words = columns(p=np.array(["test"] * 5, dtype=object))
    assert "no row of column `p` says `train`" in refused(5, Split(by=by("column", name="p")), 0, column=words)[0]


class TestFile:
    @pytest.fixture
    def rows(self, tmp_path):
        def ask(text: str | bytes, num_rows: int = 20, name: str = "rows.csv", **options):
            path = tmp_path / "spec" / name
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(text if isinstance(text, bytes) else text.encode())
            split = Split(
                by=by("rows", file=options.pop("file", name), split=options.pop("number", None)),
                validation=options.pop("validation", 4),
                seed=1,
            )
            reach = Reach.of(Source(str(path.parent / "model.hqnn"), ""), options.pop("allow_path", ()))
            return split_rows(num_rows, split, 0, reach=reach, **options)

        return ask

    def refused(self, rows, *args, **kwargs) -> list[str]:
        with pytest.raises(Refusal) as caught:
            rows(*args, **kwargs)
        return [f"{item.code} {item.headline}; {item.help}" for item in caught.value.diagnostics]

    def test_it_lists_the_test_rows_and_validation_is_drawn_from_the_rest(self, rows):
        parts = rows("row\n3\n0\n19\n")
        assert parts.test.tolist() == [0, 3, 19]
        assert len(parts.validation) == 4
        assert_apart(parts, 20)
        assert len(rows("row\n3\n", validation=0.1).validation) == 2

    def test_one_of_several_splits(self, rows):
        text = "\ufeffsplit, row ,note\r\n0,1,a\r\n0,2,b\r\n\r\n1,1,c\r\n1,5,d\r\n"
        assert rows(text, number=0).test.tolist() == [1, 2]
        assert rows(text, number=1).test.tolist() == [1, 5]

    def test_dropped_rows_are_in_no_part(self, rows):
        parts = rows("row\n3\n0\n", dropped=np.array([0, 7]))
        assert parts.test.tolist() == [3]
        assert_apart(parts, 20, (0, 7))

    def test_published_splits_of_a_kind_leave_all_other_rows_to_training(self, rows):
        assert len(rows("row\n3\n0\n", validation=0).train) == 18

    @pytest.mark.parametrize(
        ("text", "options", "says"),
        [
            ("row\n3\n20\n25\n", {}, "E0559 `rows.csv` does not say which rows test: line 3 has row 20 and line 4"),
            ("row,split,row\n3,0,4\n", {}, "it has more than one column `row`"),
            ("split,row,split\n3,0,4\n", {"number": 3}, "it has more than one column `split`"),
            ("row\n20\n", {}, "row 20, and the table has rows 0 to 19; rows are counted from 0, without the header"),
            ("row\n3\n4\n3\n", {}, "it lists row 3 in lines 2 and 4; list every row once"),
            ("row\n3\n-1\n", {}, "line 3 has `-1` in column `row`, which is no whole number from 0"),
            ("row\n3\n4.0\n", {}, "line 3 has `4.0` in column `row`"),
            ("row\n3\n\u0664\n", {}, "line 3 has `\u0664` in column `row`"),
            ("split,row\nx,3\n", {}, "line 2 has `x` in column `split`"),
            ("index\n3\n", {}, "it has no column `row`, its columns are `index`"),
            ("", {}, "it has no column `row`, it is empty"),
            ("row\n", {}, "it has no line;"),
            ("row\n1\n", {"number": 2}, 'it has no column `split`, so there is no split 2; write `rows("rows.csv")`'),
            ("split,row\n0,1\n1,2\n", {}, 'it has 2 splits, from 0 to 1; name one: `rows("rows.csv", split: 0)`'),
            ("split,row\n0,1\n1,2\n", {"number": 7}, "it has no split 7, its splits are from 0 to 1"),
            ("split,row\n0,1,5\n", {}, "line 2 has 3 cells, the header has 2"),
            (b"row\n\xff\n", {}, "E0219 cannot read rows.csv: it is not UTF-8 text"),
            ('row\n"3\n', {}, "it is no CSV"),
            ("row\n1\n", {"file": "other.csv"}, "E0219 cannot read other.csv: there is no such file"),
            ("row\n1\n", {"file": "../other.csv"}, "E0233 `../other.csv` is not read: it lies outside"),
            ("row\n1\n", {"file": "."}, "E0219 cannot read .: it is a folder"),
        ],
    )  # fmt: skip
    def test_what_is_wrong_in_it_is_refused(self, rows, text, options, says):
        assert says in self.refused(rows, text, **options)[0]

    def test_rows_beyond_the_table_and_twice_are_named_together(self, rows):
        assert len(self.refused(rows, "row\n3\n20\n3\n")) == 2

    def test_a_folder_that_is_allowed_is_reached(self, rows, tmp_path):
        (tmp_path / "far").mkdir()
        (tmp_path / "far" / "rows.csv").write_text("row\n7\n")
        assert rows("row\n1\n", file="../far/rows.csv", allow_path=tmp_path / "far").test.tolist() == [7]
        assert rows("row\n1\n", file=str(tmp_path / "far" / "rows.csv"), allow_path=tmp_path).test.tolist() == [7]

    def test_too_many_rows_are_refused(self, rows):
        text = "row\n" + "\n".join(map(str, range(15)))
        assert self.refused(rows, text)[0].startswith("E0521 of 20 rows, 4 for validation and 15 for the test leave 1")
