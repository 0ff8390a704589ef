"""Many trainings of one spec on one table: their record, what is fitted where, failures, interruption, going on."""

from __future__ import annotations

import io
import json
import resource
import signal
import threading
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
import toy_model
from toy_model import toy_program

import hqnn_dsl as hqnn
from hqnn_dsl.data.tables import read_table
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.diagnostics.notices import notices_sent_to
from hqnn_dsl.training import many, many_files, second_process
from hqnn_dsl.training.loop import Epoch
from hqnn_dsl.training.many import ManyOptions, train_many
from hqnn_dsl.training.many_bar import ManyBar
from hqnn_dsl.training.many_plan import Plan, plan_of

QUIET = ManyOptions(progress=False)
DATA = "target y; features *; split validation: 0.2, test: 0.2, seed: 3"


def frame(rows: int = 60, seed: int = 0) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    values = pd.DataFrame(random.normal(size=(rows, 2)), columns=["a", "b"])
    values["group"] = np.repeat(np.arange(rows // 6), 6)[:rows]
    return values.assign(y=values["a"] - 0.5 * values["b"] + random.normal(scale=0.1, size=rows))[
        ["a", "b", "group", "y"]
    ]


def program(data: str = "target y; features a, b; split validation: 0.2, test: 0.2, seed: 3", **train):
    return toy_program(data=data, **train)


def run(plan: Plan, out: Path, *, table: pd.DataFrame | None = None, options: ManyOptions = QUIET, **about):
    data = about.pop("data", None)
    made = program(**about) if data is None else program(data, **about)
    return train_many(made, read_table(frame() if table is None else table), plan, out, options=options)


def refused(call, *args, **kwargs) -> str:
    with pytest.raises(Refusal) as caught:
        call(*args, **kwargs)
    item = caught.value.diagnostics[0]
    return f"{item.code} {item.headline}; {item.help}"


def without_times(record: dict) -> dict:
    """A record without wall times."""
    return record | {"trainings": [line | {"seconds": 0.0} for line in record["trainings"]]}


# ----------------------------------------------------------------------------------------------------------- the record


def test_folds_are_recorded_with_scores_rows_and_seeds(tmp_path):
    found = run(plan_of(3, 2, None, None, 7), tmp_path / "cv")
    record = found.record
    assert {"version": 1} | record == json.loads((tmp_path / "cv" / "cv.json").read_text())
    assert record["state"] == "complete"
    assert record["plan"] == {"folds": 3, "repeats": 2, "seeds": [7], "rows": [None]}
    assert [line["sizes"] for line in record["trainings"]] == [[32, 8, 20]] * 6
    assert [(line["repeat"], line["fold"]) for line in record["trainings"]] == [
        (0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2)
    ]  # fmt: skip
    tested = []
    for line in record["trainings"][:3]:
        file = json.loads((tmp_path / "cv" / "trainings" / f"{line['number']:04d}.json").read_text())
        assert file["seed"] == 7
        assert file["metrics"]["test"]["rmse"] == line["scores"]["rmse"]
        tested += file["parts"]["test"]
    assert sorted(tested) == list(range(60))
    (summary,) = record["summary"]
    values = [line["scores"]["rmse"] for line in record["trainings"]]
    assert summary["scores"]["rmse"]["mean"] == pytest.approx(np.mean(values))
    assert summary["scores"]["rmse"]["standard_error"] == pytest.approx(np.std(values, ddof=1) / np.sqrt(6))
    assert {"mean", "least_squares"} <= set(summary["baselines"])
    assert sorted(path.name for path in (tmp_path / "cv").iterdir()) == ["cv.json", "trainings"]


def test_a_fold_is_the_training_of_its_rows_alone(tmp_path):
    """Everything is fitted on its training rows: with other numbers in its test rows nothing else changes."""
    plan = plan_of(3, None, None, None, 7)
    before = run(plan, tmp_path / "before", options=ManyOptions(progress=False, keep_runs=True))
    parts = json.loads((tmp_path / "before" / "trainings" / "0002.json").read_text())["parts"]
    table = frame()
    table.loc[parts["test"], ["a", "b", "y"]] = np.random.default_rng(9).normal(50, 10, (20, 3))
    after = run(plan, tmp_path / "after", table=table, options=ManyOptions(progress=False, keep_runs=True))
    histories = [(one.path / "runs/0002/history.csv").read_bytes() for one in (before, after)]
    assert histories[0] == histories[1]
    first, second = (hqnn.open_run(one.path / "runs/0002") for one in (before, after))
    for one, two in zip(first.net.parameters(), second.net.parameters(), strict=True):
        assert torch.equal(one, two)
    files = [json.loads((one.path / "runs/0002/preprocess.json").read_text()) for one in (before, after)]
    assert files[0]["features"] == files[1]["features"]
    assert files[0]["target"] == files[1]["target"]


def test_kept_runs_are_whole_and_score_as_the_record_says(tmp_path):
    plan = plan_of(2, None, None, None, 7)
    kept = run(plan, tmp_path / "kept", options=ManyOptions(progress=False, keep_runs=True))
    bare = run(plan, tmp_path / "bare")
    assert [line["scores"] for line in kept.record["trainings"]] == [
        line["scores"] for line in bare.record["trainings"]
    ]
    assert [line["run"] for line in kept.record["trainings"]] == ["runs/0001", "runs/0002"]
    opened = hqnn.open_run(kept.path / "runs" / "0001")
    assert opened.metrics["test"]["rmse"] == kept.record["trainings"][0]["scores"]["rmse"]
    assert not (bare.path / "runs").exists()


def test_a_training_is_the_same_in_a_plan_and_alone(tmp_path):
    """`--seeds` trains what `--set seed=…` trains."""
    data = "target y; features a, b; split test: 0.2"
    found = run(plan_of(None, None, (7, 8), None, 7), tmp_path / "cv", data=data)
    for seed, line in zip((7, 8), found.record["trainings"], strict=True):
        alone = hqnn.train(
            program("target y; features a, b; split test: 0.2", seed=seed),
            frame(),
            tmp_path / str(seed),
            progress=False,
        )
        assert alone.metrics["test"]["rmse"] == line["scores"]["rmse"]
    (summary,) = found.record["summary"]
    assert (summary["over"], summary["units"]) == ("seeds", 2)


def test_a_learning_curve_learns_from_so_many_rows(tmp_path):
    found = run(plan_of(3, None, None, (10, "all"), 7), tmp_path / "cv")
    assert [line["sizes"] for line in found.record["trainings"]] == [[8, 2, 20]] * 3 + [[32, 8, 20]] * 3
    first, last = found.record["summary"]
    assert first["scores"]["rmse"]["n"] == last["scores"]["rmse"]["n"] == 3
    assert first["baselines"]["least_squares"] != last["baselines"]["least_squares"]
    rows = [set(json.loads((found.path / f"trainings/{n:04d}.json").read_text())["parts"]["test"]) for n in (1, 4)]
    assert rows[0] == rows[1]


def test_groups_stay_together(tmp_path):
    data = "target y; features a, b; split validation: 0.2, by: group(group)"
    found = run(plan_of(3, None, None, None, 7), tmp_path / "cv", data=data)
    groups = frame()["group"].to_numpy()
    for line in found.record["trainings"]:
        file = json.loads((found.path / f"trainings/{line['number']:04d}.json").read_text())
        owners = [set(groups[rows]) for rows in file["parts"].values()]
        assert sum(map(len, owners)) == len(set.union(*owners))


def test_notices_are_said_once(tmp_path):
    said = []
    with notices_sent_to(said.append):
        train_many(
            toy_program(data="features a, b"), read_table(frame()), plan_of(3, None, None, None, 7), tmp_path / "cv",
            options=QUIET,
        )  # fmt: skip
    assert [notice.line for notice in said] == ["target: `y`, the last column of the frame"]


def test_the_next_free_folder_is_taken(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for number in (1, 2):
        found = train_many(program(epochs=1), read_table(frame()), plan_of(2, None, None, None, 7), options=QUIET)
        assert found.path == Path("runs") / f"toy-cv-{number}"


# ------------------------------------------------------------------------------------------------------------- failures


def test_a_fold_that_fails_is_reported_and_the_others_go_on(tmp_path):
    """One value is so large that the loss of the folds that learn from it is not finite."""

    def loss(predicted, target):
        is_broken = len(target) > 2 and bool((target > 5).any())
        return torch.mean((predicted - target) ** 2) * (float("inf") if is_broken else 1.0)

    table = frame()
    table.loc[5, "y"] = 40.0
    options = ManyOptions(progress=False, loss=loss)
    found = run(plan_of(3, None, None, None, 7), tmp_path / "cv", table=table, options=options, batch=64)
    states = [line["state"] for line in found.record["trainings"]]
    assert states.count("failed") == 2
    assert states.count("done") == 1
    failed = next(line for line in found.record["trainings"] if line["state"] == "failed")
    assert failed["mistakes"][0]["code"] == "E0540"
    assert found.record["state"] == "unfinished"
    assert found.record["summary"][0]["units"] == 1


def test_what_is_wrong_with_all_of_them_is_refused_and_leaves_no_folder(tmp_path):
    plan = plan_of(3, None, None, None, 7)
    said = refused(run, plan, tmp_path / "cv", data="target y; features a, nosuch")
    assert said.startswith("E0510")
    said = refused(run, plan_of(400, None, None, None, 7), tmp_path / "cv")
    assert said.startswith("E0598 `--folds 400` cannot be done: the table has 60 rows")
    data = "target y; features a, b; split by: column(group)"
    assert refused(run, plan, tmp_path / "cv", data=data).startswith("E0599 `--folds 3` does not go here")
    assert not (tmp_path / "cv").exists()


def test_a_missing_column_of_the_split_has_its_place_in_the_spec(tmp_path):
    with pytest.raises(Refusal) as caught:
        run(plan_of(3, None, None, None, 7), tmp_path / "cv", data="target y; features a, b; split by: group(ship)")
    (item,) = caught.value.diagnostics
    assert item.code == "E0510"
    assert "ship" in item.headline


# ---------------------------------------------------------------------------------------------- interruption, going on


class Interrupting:
    """Sends Ctrl-C in an epoch of a training, through the function that is told of every epoch."""

    def __init__(self, monkeypatch, training: int, epoch: int = 2) -> None:
        self.training, self.epoch = training, epoch
        note = many.ManyBar.note

        def told(bar, number, own):
            note(bar, number, own)
            if (number, own.number) == (self.training, self.epoch):
                signal.raise_signal(signal.SIGINT)
                if threading.current_thread() is not threading.main_thread():
                    time.sleep(1.0)  # until the main thread has heard it, which waits for the ends of trainings

        monkeypatch.setattr(many.ManyBar, "note", told)


def test_an_interrupted_plan_goes_on_where_it_was_and_comes_to_the_same(tmp_path, monkeypatch):
    plan = plan_of(3, 2, None, None, 7)
    whole = run(plan, tmp_path / "whole")
    with monkeypatch.context() as patched:
        Interrupting(patched, training=4)
        broken = run(plan, tmp_path / "cv")
    assert broken.interrupted
    assert [line["state"] for line in broken.record["trainings"]] == ["done"] * 3 + ["open"] * 3
    assert broken.record["state"] == "unfinished"
    assert broken.record["summary"][0]["units"] == 3
    times = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "cv" / "trainings").iterdir()}
    for given in (plan, None):
        again = train_many(program(), read_table(frame()), given, tmp_path / "cv", resume=True, options=QUIET)
        assert without_times(again.record) == without_times(whole.record)
    for name, written in times.items():
        assert (tmp_path / "cv" / "trainings" / name).stat().st_mtime_ns == written


def test_trainings_that_failed_are_tried_again(tmp_path):
    calls = []

    def loss(predicted, target):
        calls.append(len(target))
        broken = first and len(calls) > 3
        return torch.mean((predicted - target) ** 2) * (float("inf") if broken else 1.0)

    first = True
    options = ManyOptions(progress=False, loss=loss)
    found = run(plan_of(2, None, None, None, 7), tmp_path / "cv", options=options)
    assert [line["state"] for line in found.record["trainings"]] == ["failed", "failed"]
    first = False
    again = train_many(program(), read_table(frame()), None, tmp_path / "cv", resume=True, options=options)
    assert again.record["state"] == "complete"
    assert [line["mistakes"] for line in again.record["trainings"]] == [[], []]


def test_other_plans_tables_and_specs_are_not_gone_on_with(tmp_path):
    plan = plan_of(2, None, None, None, 7)
    run(plan, tmp_path / "cv")

    def go_on(made=None, table=None, asked=None, out=tmp_path / "cv"):
        return train_many(
            made or program(), read_table(frame() if table is None else table), asked, out, resume=True, options=QUIET
        )

    assert go_on().record["state"] == "complete"
    said = refused(go_on, asked=plan_of(3, None, None, None, 7))
    assert "it was begun as 2 trainings: 2 folds, not 3 trainings: 3 folds" in said
    assert refused(go_on, made=program(epochs=9)).startswith("E0555")
    assert "another table" in refused(go_on, table=frame(seed=1))
    assert "another table" in refused(go_on, table=frame(rows=66))
    assert refused(go_on, out=tmp_path / "nosuch").startswith("E0532")
    assert refused(go_on, out=None).startswith("E0544")


def test_a_run_of_one_training_is_not_gone_on_with(tmp_path):
    hqnn.train(program(epochs=1), frame(), tmp_path / "run", progress=False)
    said = refused(
        train_many, program(), read_table(frame()), plan_of(2, None, None, None, 7), tmp_path / "run", resume=True,
        options=QUIET,
    )  # fmt: skip
    assert said.startswith("E0599 `--resume` does not go here")
    assert "is the run of one training" in said
    said = refused(run, plan_of(2, None, None, None, 7), tmp_path / "run")
    assert said.startswith("E0530")


def test_an_unfinished_folder_says_how_to_go_on(tmp_path, monkeypatch):
    Interrupting(monkeypatch, training=2)
    run(plan_of(3, None, None, None, 7), tmp_path / "cv")
    assert "add `--resume` to go on with the trainings in it" in refused(
        run, plan_of(3, None, None, None, 7), tmp_path / "cv"
    )


@pytest.mark.parametrize(
    ("name", "change", "says"),
    [
        ("cv.json", lambda data: data | {"state": "half"}, "`state`"),
        ("cv.json", lambda data: data | {"plan": data["plan"] | {"folds": 1}}, "`plan.folds`"),
        ("trainings/0001.json", lambda data: data | {"fold": 1}, "`fold` is 1, not 0"),
        ("trainings/0001.json", lambda data: data | {"metrics": None}, "its metrics and parts are not"),
        ("trainings/0002.json", lambda data: data | {"version": 9}, "later hqnn"),
    ],
)
def test_damaged_files_are_refused(tmp_path, name, change, says):
    run(plan_of(2, None, None, None, 7), tmp_path / "cv", epochs=1)
    file = tmp_path / "cv" / name
    file.write_text(json.dumps(change(json.loads(file.read_text()))))
    said = refused(
        train_many, program(epochs=1), read_table(frame()), None, tmp_path / "cv", resume=True, options=QUIET
    )
    assert said.startswith("E0533")
    assert says in said


def test_the_folder_is_held_while_it_is_written_to(tmp_path, monkeypatch):
    found = run(plan_of(2, None, None, None, 7), tmp_path / "cv", epochs=1)
    from hqnn_dsl.training.files import held

    with held(found.path):
        said = refused(train_many, program(epochs=1), read_table(frame()), None, found.path, resume=True, options=QUIET)
    assert said.startswith("E0547")


# ----------------------------------------------------------------------------------------------------------- in Python


def test_from_python_everything_is_a_frame(tmp_path):
    found = hqnn.cross_validate(program(), frame(), 3, 2, rows=[12, "all"], out=tmp_path / "cv", progress=False)
    assert len(found.scores) == 12
    assert found.scores["rmse"].notna().all()
    assert found.scores["rows"].isna().sum() == 6
    assert found.summary.loc[("all", "toy"), ("rmse", "n")] == 6
    assert found.summary.loc[(12, "least_squares"), ("rmse", "mean")] > 0
    assert repr(found).splitlines()[0].endswith("12 trainings: 3 folds, 2 repetitions, rows 12, all, 12 done")
    again = hqnn.cross_validate(
        program(), frame(), 3, 2, rows=[12, "all"], out=tmp_path / "cv", progress=False, resume=True
    )
    assert again.record == found.record
    assert not found.interrupted


def test_from_python_without_folds_the_spec_says_what_tests(tmp_path):
    found = hqnn.cross_validate(program(), frame(), None, seeds=2, out=tmp_path / "cv", progress=False)
    assert list(found.scores["seed"]) == [7, 8]
    assert found.summary.loc["toy", ("rmse", "n")] == 2
    assert "rmse" in repr(found)


def test_memory_does_not_grow_over_many_trainings(tmp_path):
    import gc

    from hqnn_dsl.network.hybrid import HybridNet

    alive = []

    def count(_line):
        gc.collect()
        alive.append(sum(isinstance(thing, HybridNet) for thing in gc.get_objects()))

    options = ManyOptions(progress=False, on_training=count)
    run(plan_of(5, 2, None, None, 7), tmp_path / "cv", options=options, epochs=1)
    assert len(alive) == 10
    assert max(alive[2:]) <= alive[1]


def test_the_bar_counts_all_trainings(tmp_path):
    stream = io.StringIO()
    run(plan_of(2, None, None, None, 7), tmp_path / "cv", options=ManyOptions(progress=stream))
    first, last = stream.getvalue().splitlines()[0], stream.getvalue().splitlines()[-1]
    assert first.startswith("training 1/2, epoch 1/3: ")
    assert last.startswith("2 of 2 trainings: ")


def test_a_bar_of_several_at_once_names_them_and_no_losses_of_one():
    stream = io.StringIO()
    with ManyBar([1.0, 1.0, 2.0], progress=stream) as bar:
        bar.begin(1)
        bar.begin(3)
        bar.note(3, Epoch(1, 0.1, 0.1, 0.5, None, is_best=True))
    assert stream.getvalue().startswith("trainings 1 and 3 of 3: ")
    assert "loss" not in stream.getvalue()


# --------------------------------------------------------------------------------------------------- several at once


@pytest.fixture
def native(monkeypatch):
    """Steps are compiled."""
    monkeypatch.setitem(toy_model.ENGINE, "backend", "native")


@pytest.mark.usefixtures("native")
@pytest.mark.parametrize("encoder", ["dense(2); tanh * pi", "dense(4); dropout(p: 0.3); dense(2); tanh * pi"])
def test_trainings_at_once_are_as_one_after_another(tmp_path, monkeypatch, encoder):
    plan = plan_of(3, None, 2, None, 7)
    records = []
    for workers in (1, 3):
        monkeypatch.setattr(many, "_workers", lambda _setup, number=workers: number)
        found = run(plan, tmp_path / f"{workers}", encoder=encoder)
        records.append(without_times(found.record))
    assert records[0] == records[1]
    assert records[0]["state"] == "complete"
    for number in range(1, 7):
        files = [json.loads((tmp_path / f"{workers}/trainings/{number:04d}.json").read_text()) for workers in (1, 3)]
        assert files[0] | {"seconds": 0} == files[1] | {"seconds": 0}


@pytest.mark.usefixtures("native")
def test_compiled_trainings_take_all_processors_and_others_one(tmp_path, monkeypatch):
    asked = []
    fit_many = many.fit_many

    def told(jobs, workers, on_end):
        asked.append(workers)
        return fit_many(jobs, workers, on_end)

    monkeypatch.setattr(many, "fit_many", told)
    monkeypatch.setattr(second_process, "cores", lambda: 5)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    run(plan_of(2, None, None, None, 7), tmp_path / "all", epochs=1)
    run(plan_of(2, None, None, None, 7), tmp_path / "torch", epochs=1, step="torch")
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    run(plan_of(2, None, None, None, 7), tmp_path / "two", epochs=1)
    assert asked == [5, 1, 2]


@pytest.mark.usefixtures("native")
def test_a_training_that_fails_beside_others_does_not_end_them(tmp_path, monkeypatch):
    monkeypatch.setattr(many, "_workers", lambda _setup: 3)
    table = frame()
    table.loc[table["group"] == 0, "a"] = 1e30
    settings = {"optimizer": "sgd(lr: 1.0, quantum_lr: 0.1)", "data": f"{DATA}; scale features: none"}
    found = run(plan_of(None, None, 6, None, 7), tmp_path / "cv", table=table, **settings)
    states = [line["state"] for line in found.record["trainings"]]
    assert set(states) <= {"done", "failed"}
    assert len(states) == 6
    assert all((line["mistakes"] != []) == (line["state"] == "failed") for line in found.record["trainings"])


@pytest.mark.usefixtures("native")
def test_ctrl_c_ends_all_that_run_at_once_and_keeps_what_is_done(tmp_path, monkeypatch):
    plan = plan_of(4, None, None, None, 7)
    whole = run(plan, tmp_path / "whole")
    with monkeypatch.context() as patched:
        patched.setattr(many, "_workers", lambda _setup: 2)
        Interrupting(patched, training=3)
        broken = run(plan, tmp_path / "cv")
    assert broken.interrupted
    states = [line["state"] for line in broken.record["trainings"]]
    assert states[2] == "open"
    again = train_many(program(), read_table(frame()), plan, tmp_path / "cv", resume=True, options=QUIET)
    assert without_times(again.record) == without_times(whole.record)


def test_is_many_looks_for_the_record(tmp_path):
    assert not many_files.is_many(tmp_path)
    run(plan_of(2, None, None, None, 7), tmp_path / "cv", epochs=1)
    assert many_files.is_many(tmp_path / "cv")


@pytest.mark.slow
@pytest.mark.usefixtures("native")
def test_two_hundred_trainings_take_no_more_memory_than_fifty(tmp_path):
    def resident(_line: dict) -> None:
        taken.append(int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize())

    taken: list[int] = []
    options = ManyOptions(progress=False, on_training=resident)
    run(plan_of(10, 10, 2, None, 7), tmp_path / "cv", options=options)
    assert len(taken) == 200
    assert max(taken[50:]) < 1.04 * taken[49]
