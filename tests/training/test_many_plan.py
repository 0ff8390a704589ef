"""Which trainings a plan has, and options that ask for none."""

from __future__ import annotations

import pytest

from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.training.many_plan import MOST, Plan, plan_of, rows_of_text


def test_a_plan_has_every_training_once_the_smallest_first():
    plan = plan_of(2, 2, 2, ["all", 50, 25, 50], 7)
    ones = plan.trainings()
    assert plan == Plan(folds=2, repeats=2, seeds=(7, 8), rows=(25, 50, None))
    assert [one.number for one in ones] == list(range(1, 25))
    assert [one.rows for one in ones] == [25] * 8 + [50] * 8 + [None] * 8
    assert len({(one.rows, one.repeat, one.fold, one.seed) for one in ones}) == 24
    assert [(one.repeat, one.fold, one.seed) for one in ones[:5]] == [
        (0, 0, 7), (0, 0, 8), (0, 1, 7), (0, 1, 8), (1, 0, 7)
    ]  # fmt: skip
    assert plan.most_rows == 50
    assert plan.sentence == "24 trainings: 2 folds, 2 repetitions, 2 seeds, rows 25, 50, all"


def test_seeds_count_on_from_the_specs_or_are_given():
    assert plan_of(None, None, 3, None, 5).seeds == (5, 6, 7)
    assert plan_of(None, None, (9, 2), None, 5).seeds == (9, 2)
    assert plan_of(5, None, None, None, 5).seeds == (5,)
    assert plan_of(None, None, range(2), None, 5).seeds == (0, 1)
    assert plan_of(None, None, None, None, 5).sentence == "1 training: one seed"


def test_rows_are_read_from_a_text():
    assert rows_of_text(" 25,all, 50") == (25, "all", 50)
    assert rows_of_text("25;50") == ("25;50",)
    assert plan_of(None, None, None, 25, 0).rows == (25,)
    assert plan_of(None, None, None, "all", 0).rows == (None,)


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ((1, None, None, None), "E0605 `--folds` takes a number of folds, at least 2, not `1`"),
        ((True, None, None, None), "E0605 `--folds` takes a number of folds, at least 2, not `True`"),
        ((2.5, None, None, None), "E0605 `--folds` takes a number of folds, at least 2, not `2.5`"),
        ((5, 0, None, None), "E0605 `--repeats` takes how often the folds are drawn, at least 1, not `0`"),
        ((None, 2, None, None), "E0599 `--repeats` does not go here: there are no folds to repeat"),
        ((None, None, 0, None), "E0605 `--seeds` takes a number of seeds from 1 to 10000, not `0`"),
        ((None, None, (1, 1), None), "E0605 `--seeds` takes a number of seeds from 1 to 10000, not `[1, 1]`"),
        ((None, None, (), None), "E0605 `--seeds` takes a number of seeds from 1 to 10000, not `[]`"),
        ((None, None, 2.5, None), "E0605 `--seeds` takes a number of seeds from 1 to 10000, not `2.5`"),
        ((None, None, (-1,), None), "E0605 `--seeds` takes a number of seeds from 1 to 10000, not `[-1]`"),
        (
            (5, None, None, (1,)),
            "E0605 `--rows` takes numbers of rows from 2 on and `all`, such as `25,50,100,all`",
        ),
        ((5, None, None, ("-3",)), "not `-3`"),
        ((None, None, 10**11, None), "E0605 `--seeds` takes a number of seeds from 1 to 10000, not `100000000000`"),
        ((5, None, None, (0,)), "not `0`"),
        ((5, None, None, (0.0,)), "not `0.0`"),
        ((5, None, None, ("",)), "not `nothing`"),
        ((5, None, None, ()), "not `nothing`"),
        ((5, None, None, 2.5), "not `2.5`"),
        (
            (5, MOST, None, None),
            f"`--folds` takes no more than {MOST} trainings in all, not `{5 * MOST} trainings`",
        ),
    ],
)
def test_what_is_no_plan_is_refused(asked, says):
    with pytest.raises(Refusal) as caught:
        plan_of(*asked, 0)
    (item,) = caught.value.diagnostics
    assert says in f"{item.code} {item.headline}"
    assert caught.value.exit_code == 2


def test_from_python_the_options_are_arguments():
    with pytest.raises(Refusal) as caught:
        plan_of(None, 2, None, None, 0, prefix="")
    assert "`repeats` does not go here" in str(caught.value)
    assert "write `folds=5` beside it" in str(caught.value)
