"""A run reads tables as its training did, and says where a table differs from the one that it was trained on."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pandas as pd
import pytest

import hqnn
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.diagnostics.notices import HQNNWarning

SPEC = """hqnn 1
model small {
  data {
    target   y
    features a, p, f
    split    validation: 0, test: 0
  }
  encoder { dense(2); tanh }
  circuit on 2 qubits { feature_map angle(); ansatz real_amplitudes(reps: 1) }
  decoder { dense }
  train { epochs 1 }
  backend reference
}
"""


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("form")
    random = np.random.default_rng(0)
    rows = zip(random.uniform(1000, 5000, 30), random.integers(1, 50, 30), random.normal(size=30), strict=True)
    lines = [f'"{a:,.1f}",{p}%,{p % 2 == 0},{y:.3f}' for a, p, y in rows]
    (folder / "t.csv").write_text("\n".join(["a,p,f,y", *lines, ""]), encoding="utf-8")
    return hqnn.train(SPEC, folder / "t.csv", folder / "run", progress=False)


def test_marks_between_thousands_are_those_of_the_training(trained, tmp_path, hqnn_command):
    (tmp_path / "new.csv").write_text('a,p,f\n"1,234",12%,True\n', encoding="utf-8")
    found = hqnn.open_run(trained.path).predict(tmp_path / "new.csv")["y"].item()
    assert found == pytest.approx(trained.predict([[1234.0, 12.0, 1.0]])["y"].item())
    ended = hqnn_command("predict", trained.path, tmp_path / "new.csv")
    assert ended.code == 0
    assert "commas between thousands" in ended.err
    (tmp_path / "new.csv").write_text("a;p;f\n1,234;12%;True\n", encoding="utf-8")
    ended = hqnn_command("predict", trained.path, tmp_path / "new.csv")
    assert ended.code == 1
    assert "error[E0564]" in ended.err
    assert "commas between thousands" in ended.err


def test_a_run_of_before_reads_as_it_did(trained, tmp_path):
    kept = trained.path / "preprocess.json"
    document = json.loads(kept.read_text(encoding="utf-8"))
    assert document["written"] == {"delimiter": ",", "decimal": ".", "thousands": {"a": ","}, "percent": ["p"]}
    copy = tmp_path / "run"
    shutil.copytree(trained.path, copy)
    del document["written"]
    (copy / "preprocess.json").write_text(json.dumps(document), encoding="utf-8")
    metrics = json.loads((copy / "metrics.json").read_text(encoding="utf-8"))
    del metrics["files"]
    (copy / "metrics.json").write_text(json.dumps(metrics), encoding="utf-8")
    (tmp_path / "new.csv").write_text('a,p,f\n"1,234",12%,True\n', encoding="utf-8")
    with pytest.raises(Refusal) as caught:
        hqnn.open_run(copy).predict(tmp_path / "new.csv")
    assert [item.code for item in caught.value.diagnostics] == ["E0564"]


def test_columns_that_a_run_does_not_read_do_not_stop_it(trained, tmp_path, hqnn_command):
    (tmp_path / "new.csv").write_text('a,p,f,d,y\n"1,234.5",12%,True,"1,5",0.5\n', encoding="utf-8")
    for command in ("predict", "evaluate"):
        ended = hqnn_command(command, trained.path, tmp_path / "new.csv")
        assert ended.code == 0, ended.err
    ended = hqnn_command("predict", trained.path, tmp_path / "new.csv", "--keep", "d")
    assert ended.out.splitlines()[0] == "line,d,y_predicted"
    assert ended.out.splitlines()[1].startswith('2,"1,5",')


def test_columns_that_a_spec_does_not_read_do_not_stop_its_training(tmp_path, hqnn_command):
    lines = [f'{n / 8},{n}%,{n % 2 == 0},{n / 7:.3f},"1,5"' for n in range(20)]
    (tmp_path / "t.csv").write_text("\n".join(["a,p,f,y,d", *lines, ""]), encoding="utf-8")
    (tmp_path / "small.hqnn").write_text(SPEC, encoding="utf-8")
    ended = hqnn_command("check", tmp_path / "small.hqnn", tmp_path / "t.csv")
    assert ended.code == 0, ended.err
    (tmp_path / "small.hqnn").write_text(SPEC.replace("features a, p, f", "features *"), encoding="utf-8")
    ended = hqnn_command("check", tmp_path / "small.hqnn", tmp_path / "t.csv")
    assert ended.code == 1
    assert "error[E0564]" in ended.err


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ("0.12", "`p` has no per cent signs in `new.csv`, but had them in the training, where 12% was read as 12"),
        ("12%", None),
        ("", None),
    ],
)
def test_per_cent_signs_that_the_training_had_are_missed(trained, tmp_path, hqnn_command, cells, said):
    table = tmp_path / "new.csv"
    table.write_text(f"a,p,f,y\n1234.5,{cells},True,1\n", encoding="utf-8")
    for command in ("predict", "evaluate") if cells else ("predict",):
        ended = hqnn_command(command, trained.path, table)
        assert (f"warning[W0469]: {said}" in " ".join(ended.err.split())) == (said is not None)
        assert ended.code == (0 if cells else 1)
    if said is not None:
        with pytest.warns(HQNNWarning, match="no per cent signs"):
            trained.predict(table)
        with pytest.warns(HQNNWarning, match="no per cent signs"):
            trained.evaluate(pd.read_csv(table))


def test_per_cent_signs_that_the_training_did_not_have_are_told(trained, tmp_path):
    table = tmp_path / "new.csv"
    table.write_text("a,p,f\n123%,12%,True\n", encoding="utf-8")
    with pytest.warns(HQNNWarning, match="`a` has per cent signs in `new.csv`, where 12% is read as 12") as caught:
        trained.predict(table)
    assert len(caught) == 1


def test_arrays_have_the_units_of_the_training(trained, recwarn):
    trained.predict(np.array([[1234.0, 12.0, 1.0]]))
    assert not recwarn.list


@pytest.mark.parametrize("cells", [[1, 0, 1], [True, False, True], [1.0, 0.0, 1.0], ["True", "false", "True"]])
def test_true_and_false_may_be_written_as_1_and_0(trained, cells):
    table = pd.DataFrame({"a": [1.0, 2.0, 3.0], "p": [1, 2, 3], "f": cells})
    with pytest.warns(HQNNWarning, match="no per cent signs"):
        found = trained.predict(table)
    rows = [[1.0, 1.0, 1.0], [2.0, 2.0, 0.0], [3.0, 3.0, 1.0]]
    pd.testing.assert_frame_equal(found, trained.predict(rows))


@pytest.mark.parametrize(
    ("cells", "value", "where"),
    [([1, 2, 0], "2", "row 2"), ([0.5, 1.0, -1.0], "0.5", "rows 1 and 3"), (["1", "0", "1e300"], "1e+300", "row 3")],
)
def test_no_other_number_is_true_or_false(trained, cells, value, where):
    table = pd.DataFrame({"a": [1.0, 2.0, 3.0], "p": [1, 2, 3], "f": cells, "y": [1.0, 2.0, 3.0]})
    for ask in (trained.predict, trained.evaluate):
        with pytest.warns(HQNNWarning), pytest.raises(Refusal) as caught:
            ask(table)
        (item,) = caught.value.diagnostics
        assert (item.code, item.value) == ("E0567", value)
        assert where in item.where
    rows = [[1.0, 1.0, 0.0], [1.0, 1.0, 3.0]]
    with pytest.raises(Refusal, match="is 3 in row 2"):
        trained.predict(rows)
