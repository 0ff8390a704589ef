"""The parts of one of many trainings: folds as scikit-learn makes them, and numbers of rows to learn from."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rows_of_tables import split_rows
from sklearn.model_selection import KFold, StratifiedGroupKFold, StratifiedKFold, TimeSeriesSplit

from hqnn_dsl.data.folds import Fold
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.diagnostics.notices import notices_sent_to
from hqnn_dsl.diagnostics.source import Source
from hqnn_dsl.seeds import stream
from hqnn_dsl.semantics.spec import Choice, Split
from hqnn_dsl.semantics.used_files import Reach


def by(rule: str, **options: object) -> Choice:
    return Choice(name=rule, options=options)


def folds_of(number: int, num_rows: int, split: Split, *, repeat: int = 0, root: int = 0, seed: int = 0, **known):
    return [
        split_rows(num_rows, split, seed, by_rule=Fold(folds=number, fold=fold, repeat=repeat, root=root), **known)
        for fold in range(number)
    ]


def refused(fold: Fold, num_rows: int, split: Split, **known) -> str:
    with pytest.raises(Refusal) as caught:
        split_rows(num_rows, split, 0, by_rule=fold, **known)
    (item,) = caught.value.diagnostics
    return f"{item.code} {item.headline}; {item.help}"


def learned(parts) -> np.ndarray:
    return np.union1d(parts.train, parts.validation)


@st.composite
def asked(draw):
    num_rows = draw(st.integers(30, 150))
    rule = draw(st.sampled_from([None, "random", "stratified", "group", "time"]))
    options = {"column": "c"} if rule in {"group", "time"} else {}
    split = Split(
        validation=draw(st.sampled_from([0, 0.15, 3])),
        seed=draw(st.none() | st.integers(0, 2**40)),
        by=None if rule is None else by(rule, **options),
    )
    values = np.array(draw(st.lists(st.integers(0, 30), min_size=num_rows, max_size=num_rows)))
    classes = values % 3 if draw(st.booleans()) and rule in {None, "stratified", "group"} else None
    dropped = np.array(sorted(draw(st.sets(st.integers(0, num_rows - 1), max_size=3))), dtype=np.int64)
    rows = draw(st.none() | st.integers(10, 15))
    return num_rows, split, values, classes, dropped, draw(st.integers(2, 5)), rows


@given(asked())
@settings(max_examples=300, deadline=None)
def test_folds_test_every_row_once_and_parts_are_disjoint(case):
    num_rows, split, values, classes, dropped, number, rows = case
    tested = []
    for fold in range(number):
        try:
            with notices_sent_to(lambda _: None):
                parts = split_rows(
                    num_rows,
                    split,
                    0,
                    column={"c": values}.__getitem__,
                    classes=classes,
                    dropped=dropped,
                    by_rule=Fold(folds=number, fold=fold, rows=rows, most_rows=rows or 0),
                )
        except Refusal as refusal:
            if {item.code for item in refusal.diagnostics} <= {"E0597", "E0598", "E0521"}:
                return
            raise
        own = [set(part.tolist()) for _, part in parts.items()]
        assert sum(map(len, own)) == len(set.union(*own))
        assert not set.union(*own) & set(dropped.tolist())
        if rows is not None:
            assert len(own[0] | own[1]) == rows
        if split.by is not None and split.by.name == "group" and rows is None:
            owners = [set(values[sorted(part)]) for part in own]
            assert sum(map(len, owners)) == len(set.union(*owners))
        if split.by is not None and split.by.name == "time":
            ordered = [values[sorted(part)] for part in own if part]
            assert all(before.max() < after.min() for before, after in pairwise(ordered))
        tested.extend(own[2])
    assert len(tested) == len(set(tested))
    if not (split.by is not None and split.by.name == "time") and classes is None:
        assert sorted(tested) == sorted(set(range(num_rows)) - set(dropped.tolist()))


@pytest.mark.parametrize("repeat", [0, 1])
def test_folds_are_those_of_k_fold(repeat):
    parts = folds_of(5, 53, Split(seed=3), repeat=repeat)
    expected = KFold(5, shuffle=True, random_state=stream(3, f"folds/{repeat}")).split(np.arange(53))
    assert [own.test.tolist() for own in parts] == [sorted(tested) for _, tested in expected]


def test_folds_of_classes_are_those_of_stratified_k_fold():
    classes = np.random.default_rng(0).integers(0, 3, 70)
    parts = folds_of(4, 70, Split(seed=3), classes=classes)
    expected = StratifiedKFold(4, shuffle=True, random_state=stream(3, "folds/0")).split(classes, classes)
    assert [own.test.tolist() for own in parts] == [sorted(tested) for _, tested in expected]
    drawn = folds_of(4, 70, Split(seed=3, by=by("random")), classes=classes)
    assert drawn[0].test.tolist() != parts[0].test.tolist()


def test_folds_of_times_are_those_of_time_series_split():
    times = np.random.default_rng(0).permutation(97)
    order = np.argsort(times)
    parts = folds_of(5, 97, Split(by=by("time", column="t"), validation=0.2), column={"t": times}.__getitem__)
    for own, (before, tested) in zip(parts, TimeSeriesSplit(5).split(order), strict=True):
        assert own.test.tolist() == sorted(order[tested])
        assert learned(own).tolist() == sorted(order[before])
        assert times[own.train].max() < times[own.validation].min()


def test_folds_of_groups_and_classes_are_those_of_stratified_group_k_fold():
    random = np.random.default_rng(0)
    classes, groups = random.integers(0, 2, 80), random.integers(0, 20, 80)
    split = Split(by=by("group", column="g"), seed=3)
    parts = folds_of(4, 80, split, classes=classes, column={"g": groups}.__getitem__)
    fitted = StratifiedGroupKFold(4, shuffle=True, random_state=stream(3, "folds/0"))
    codes = {group: at for at, group in enumerate(dict.fromkeys(groups))}
    expected = fitted.split(classes, classes, [codes[group] for group in groups])
    assert [own.test.tolist() for own in parts] == [sorted(tested) for _, tested in expected]


def test_folds_of_groups_have_about_as_many_rows_and_repetitions_differ():
    groups = np.repeat(np.arange(30), np.random.default_rng(0).integers(1, 10, 30)).astype(str).astype(object)
    split = Split(by=by("group", column="g"), seed=3)
    tested = []
    for repeat in range(3):
        parts = folds_of(4, len(groups), split, repeat=repeat, column={"g": groups}.__getitem__)
        sizes = [len(own.test) for own in parts]
        assert max(sizes) - min(sizes) <= 4
        tested.append(parts[0].test.tolist())
    assert tested[0] != tested[1] != tested[2]


def test_folds_are_the_same_for_every_seed_of_the_training():
    first, second = folds_of(3, 40, Split(), root=7, seed=1), folds_of(3, 40, Split(), root=7, seed=2)
    assert [own.test.tolist() for own in first] == [own.test.tolist() for own in second]
    assert folds_of(3, 40, Split(), root=8)[0].test.tolist() != first[0].test.tolist()


def test_a_class_with_one_row_is_learned_from_in_every_fold():
    classes = np.array([0] * 20 + [1] + [2] * 20)
    said = []
    with notices_sent_to(said.append):
        parts = folds_of(4, 41, Split(seed=1), classes=classes)
    assert all(20 in learned(own) for own in parts)
    assert "W0465" in said[0].line


def test_fewer_rows_are_among_more_and_have_every_class():
    classes = np.array([0] * 80 + [1] * 17 + [2] * 3)
    chosen = {
        rows: learned(split_rows(100, Split(seed=1), 0, classes=classes, by_rule=Fold(folds=5, rows=rows)))
        for rows in (10, 25, 50, 75)
    }
    for fewer, more in pairwise(chosen.values()):
        assert set(fewer) < set(more)
    assert [len(rows) for rows in chosen.values()] == [10, 25, 50, 75]
    assert all(set(classes[rows]) == {0, 1, 2} for rows in chosen.values())
    shares = [np.mean(classes[rows] == 0) for rows in chosen.values()]
    assert all(0.7 <= share <= 0.85 for share in shares)


def test_rows_of_times_are_the_latest_before_the_test():
    times = np.random.default_rng(0).permutation(100)
    parts = split_rows(
        100,
        Split(by=by("time", column="t")),
        0,
        column={"t": times}.__getitem__,
        by_rule=Fold(folds=3, fold=2, rows=10),
    )
    assert sorted(times[learned(parts)]) == list(range(65, 75))
    assert times[parts.test].min() == 75


def test_rows_without_folds_leave_the_test_rows_of_the_spec():
    plain = split_rows(100, Split(seed=5), 0)
    parts = split_rows(100, Split(seed=5), 0, by_rule=Fold(rows=20, most_rows=20))
    assert parts.test.tolist() == plain.test.tolist()
    assert len(parts.validation) == 3
    assert len(parts.train) == 17
    every = split_rows(100, Split(seed=5), 0, by_rule=Fold(most_rows=20))
    assert len(learned(every)) == 85
    assert [own.tolist() for _, own in split_rows(100, Split(seed=5), 3, by_rule=Fold()).items()] == [
        own.tolist() for _, own in split_rows(100, Split(seed=5), 3).items()
    ]


def test_rows_of_a_given_column_keep_its_validation_rows():
    words = np.array((["train"] * 6 + ["val", "val", "test", "test"]) * 5, dtype=object)
    parts = split_rows(
        50, Split(by=by("column", name="p")), 0, column={"p": words}.__getitem__, by_rule=Fold(rows=10, most_rows=10)
    )
    assert [len(own) for _, own in parts.items()] == [10, 10, 10]


def test_rows_of_a_given_file_share_its_test_rows(tmp_path):
    (tmp_path / "rows.csv").write_text("row\n1\n2\n")
    reach = Reach.of(Source(str(tmp_path / "m.hqnn"), ""))
    split = Split(by=by("rows", file="rows.csv", split=None))
    parts = split_rows(50, split, 0, reach=reach, by_rule=Fold(rows=10, most_rows=10))
    assert parts.test.tolist() == [1, 2]
    assert len(learned(parts)) == 10


def under(which: str, **options: object) -> dict[str, Split]:
    return {"split": Split(by=by(which, **options))}


@pytest.mark.parametrize(
    ("fold", "known", "says"),
    [
        (Fold(folds=400), {}, "E0598 `--folds 400` cannot be done: the table has 308 rows; make fewer folds"),
        (
            Fold(folds=5, most_rows=5000),
            {},
            "E0598 `--rows 5000` cannot be done: there are 246 rows to learn from in each of 5 folds; write at most",
        ),
        (Fold(most_rows=300), {}, "E0598 `--rows 300` cannot be done: there are 261 rows to learn from; write at most"),
        (
            Fold(folds=5, rows=3, most_rows=3),
            {"split": Split(validation=2)},
            "E0521 of 65 rows, 2 for validation and 62 for the test leave 1 to train on",
        ),
        (
            Fold(folds=5),
            under("column", name="part"),
            'E0599 `--folds 5` does not go here: the spec says which rows test, by a column: `column(name: "part")`',
        ),
        (
            Fold(folds=5),
            under("rows", file="r.csv", split=None),
            'E0599 `--folds 5` does not go here: the spec says which rows test, by a file: `rows(file: "r.csv")`; ',
        ),
        (Fold(folds=5, repeat=1), under("time", column="c"), "E0599 `--repeats` does not go here: folds in the order"),
        (Fold(folds=9), under("group", column="c"), '`--folds 9` cannot be done: `group(column: "c")` has 8 groups'),
        (Fold(folds=9), under("time", column="c"), '`time(column: "c")` has only 8 different times; make fewer folds'),
        (Fold(folds=308), under("time", column="c"), "308 rows in the order of time make at most 307"),
        (Fold(folds=160), {"classes": np.arange(308) % 2}, "the largest class has 154 rows; make at most 154 folds"),
    ],
)
def test_what_cannot_be_done_is_refused(fold, known, says):
    values, own = np.arange(308) % 8, dict(known)
    split = own.pop("split", Split())
    assert says in refused(fold, 308, split, column={"c": values}.__getitem__, **own)
