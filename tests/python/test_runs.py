"""A run in Python: predictions from frames and arrays in the target's units, its network in scaled ones, its pages."""

from __future__ import annotations

import html.parser
import json
import re
import shutil
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import torch

import hqnn

SPEC = """\
hqnn 1
model tiny {
  data { target y, "z <i>"; features c, a, "b & <b>d</b>"; split validation: 0.25, test: 0.25 }
  encoder { dense(2); tanh * pi }
  circuit on 2 qubits { feature_map angle(); ansatz brickwork(reps: 1); measure x }
  decoder { dense }
  train { loss mse; epochs 2; batch 16; optimizer adam(0.05); stop none; seed 3 }
  backend reference
}
"""
FEATURES = ["c", "a", "b & <b>d</b>"]


def frame(rows: int = 40) -> pd.DataFrame:
    a, b, c = np.random.default_rng(1).normal(size=(3, rows))
    return pd.DataFrame({"a": 10 + a, "b & <b>d</b>": b, "c": 0.1 * c, "y": 100 + 7 * a, "z <i>": b - c})


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return hqnn.train(SPEC, frame(), tmp_path_factory.mktemp("python") / "run")


# ------------------------------------------------------------------- predict


def test_arrays_are_read_in_the_order_of_the_spec(run):
    expected = run.predict(frame())
    assert run.features == tuple(FEATURES)
    assert list(expected.columns) == ["y", "z <i>"] == list(run.targets)
    values = frame()[FEATURES].to_numpy()
    for given in (
        values, torch.from_numpy(values), torch.from_numpy(values).requires_grad_(), values.tolist(),
        tuple(map(tuple, values)), np.asfortranarray(values), values.astype(object),
        values.copy().view([(name, float) for name in FEATURES])[:, 0],
    ):  # fmt: skip
        pd.testing.assert_frame_equal(run.predict(given), expected)
    swapped = run.predict(values[:, [1, 0, 2]])
    assert not np.allclose(swapped, expected)


def test_predictions_are_the_scaled_network_undone_by_hand(run):
    """Means and deviations as a run keeps them, without our own scaling code."""
    kept = json.loads((run.path / "preprocess.json").read_text())
    scales = {column["name"]: column["scale"] for column in kept["features"]}
    scales |= dict(zip(kept["target"]["names"], kept["target"]["scales"], strict=True))
    columns = {name: (scale["mean"], scale["scale"]) for name, scale in scales.items()}
    scaled = np.stack([(frame()[name] - columns[name][0]) / columns[name][1] for name in FEATURES], axis=1)
    for network in (run.network(), hqnn.load(run.path), hqnn.load(run)):
        assert not network.training
        with torch.no_grad():
            outputs = network(torch.tensor(scaled, dtype=torch.float32)).double().numpy()
        for index, name in enumerate(run.targets):
            mean, scale = columns[name]
            np.testing.assert_allclose(run.predict(frame())[name], outputs[:, index] * scale + mean, rtol=1e-5)
    assert abs(run.predict(frame())["y"].mean() - 100) < 20  # not scaled


def test_frames_are_read_by_name(run):
    expected = run.predict(frame())
    shuffled = frame()[["z <i>", "b & <b>d</b>", "c", "a"]].assign(other="text")
    pd.testing.assert_frame_equal(run.predict(shuffled), expected)
    labelled = frame().set_index(pd.Index(range(100, 140)))
    assert run.predict(labelled).index.tolist() == list(range(100, 140))


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.int8, np.int64, np.uint8, np.bool_, np.longdouble])
def test_every_kind_of_number_is_taken(run, dtype):
    values = np.array([[0, 1, 1], [1, 0, 1]]).astype(dtype)
    expected = run.predict(pd.DataFrame(values.astype(np.float64), columns=FEATURES))
    pd.testing.assert_frame_equal(run.predict(values), expected)


def test_half_precision_tensors_are_taken(run):
    values = torch.tensor([[0.5, 1.0, -2.0]])
    for dtype in (torch.float16, torch.bfloat16, torch.float64):
        pd.testing.assert_frame_equal(run.predict(values.to(dtype)), run.predict(values))


@pytest.mark.parametrize(
    ("given", "code", "said"),
    [
        (np.zeros((2, 4)), "E0633", "4 columns; the run reads 3 features: `c`, `a` and"),
        (np.zeros((2, 1)), "E0633", "1 column;"),
        (np.zeros(3), "E0633", "reshape(1, -1)"),
        (np.zeros(5), "E0633", "the shape (5,)"),
        (np.zeros((1, 2, 3)), "E0633", "the shape (1, 2, 3)"),
        (np.zeros(()), "E0633", "the shape ()"),
        (torch.zeros(2, 2), "E0633", "the tensor has 2 columns"),
        ([[1, 2, 3], [1, 2]], "E0633", "rows of different lengths"),
        ([{"a": 1, "c": 2}], "E0633", "pandas.DataFrame(data)"),
        ([], "E0633", "the shape (0,)"),
        (np.zeros((0, 3)), "E0502", "no rows"),
        (np.array([[1, 2, 3], [1, np.nan, 3]]), "E0513", "row 2"),
        (np.array([[1, 2, np.inf]]), "E0514", "row 1"),
        (np.array([[1, 2, 1e300]]), "E0522", "b & <b>d</b>"),
        (np.array([["1", "x", "3"]]), "E0515", "`a`"),
        (np.array([[1, 2, 3j]]), "E0515", "(1+0j)"),
        (np.array([["2020-01-01"] * 3], dtype="datetime64[D]"), "E0515", "2020-01-01"),
        (np.array([[1, None, 3]]), "E0513", "`a`"),
        (pd.DataFrame({"a": [1.0], "c": [2.0]}), "E0523", "b & <b>d</b>"),
        (pd.DataFrame(np.zeros((2, 3))), "E0523", "does not have"),
        (pd.DataFrame({"a": [1.0, np.nan], "c": [2.0, 1.0], "b & <b>d</b>": [1, 1]}), "E0513", "row 2"),
        (pd.DataFrame({"a": [1.0], "A": [1.0], "c": ["x"], "b & <b>d</b>": [1]}), "E0515", "`c`"),
        (pd.DataFrame([[1.0, 2.0, 3.0, 4.0]], columns=["a", "a", "c", "b & <b>d</b>"]), "E0506", "`a`"),
        (pd.Series([1.0, 2.0, 3.0]), "E0526", "to_frame()"),
        (None, "E0526", "None"),
        (3.0, "E0526", "float"),
    ],
)  # fmt: skip
def test_what_cannot_be_predicted_from(run, given, code, said):
    with pytest.raises(hqnn.Refusal, match=code) as refused:
        run.predict(given)
    assert said in str(refused.value)


def test_one_feature_and_a_row_of_numbers(tmp_path):
    text = (
        "hqnn 1\nmodel one { data { target y; features a }; circuit on 1 qubits { feature_map angle(); ansatz "
        "brickwork(); measure z }; decoder { dense }; train { epochs 1 }; backend reference }"
    )
    one = hqnn.train(text, frame(), tmp_path / "run")
    with pytest.raises(hqnn.Refusal, match=re.escape("reshape(-1, 1)")):
        one.predict(np.zeros(5))
    assert len(one.predict(np.zeros((5, 1)))) == 5


# ------------------------------------------------------- what it knows of itself


def test_the_history_is_a_frame(run):
    history = run.history
    assert list(history.columns)[:5] == ["epoch", "lr", "quantum_lr", "train_loss", "validation_loss"]
    assert history["epoch"].tolist() == [1, 2]
    pd.testing.assert_frame_equal(hqnn.open_run(run.path).history, history)


def test_an_older_folder_with_less_in_it_still_opens(run, tmp_path):
    old = shutil.copytree(run.path, tmp_path / "old")
    for name in ("history.csv", "timing.csv", "environment.json", "predictions.csv", "metrics.json"):
        (old / name).unlink()
    shutil.rmtree(old / "plots")
    opened = hqnn.open_run(old)
    pd.testing.assert_frame_equal(opened.predict(frame()), run.predict(frame()))
    assert opened.history.empty
    assert "train_loss" in opened.history
    assert "no scores" in repr(opened)
    assert "no scores" in opened._repr_html_()
    assert len(opened.plot().axes) == 1


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("history.csv", ""),
        ("history.csv", "epoch,lr\n1,0.1\n"),
        ("history.csv", '"\n'),
        ("predictions.csv", "row\n1\n"),
    ],
)
def test_a_damaged_table_of_a_run_is_said(run, tmp_path, name, text):
    broken = shutil.copytree(run.path, tmp_path / "broken")
    opened = hqnn.open_run(broken)
    (broken / name).write_text(text)
    for act in (opened.plot, lambda: hqnn.open_run(broken)):
        with pytest.raises(hqnn.Refusal, match="E0533") as refused:
            act()
        assert name in str(refused.value)
    assert name in opened._repr_html_()


def test_it_is_described_in_a_few_lines(run):
    text = repr(run)
    assert 4 <= text.count("\n") <= 10
    assert "3 features -> y, z <i>" in text
    assert f"RMSE {run.metrics['test']['rmse']:.4g}" in text
    assert "backend reference, loss mse" in text


def test_a_plot_needs_no_display(run, tmp_path):
    """In a process of its own, with a backend of matplotlib that needs one."""
    script = (
        "import sys, hqnn\nrun = hqnn.open_run(sys.argv[1])\nfigure = run.plot()\nfigure.savefig(sys.argv[2])\n"
        "assert len(figure.axes) == 3, figure.axes\nassert figure._repr_png_().startswith(b'\\x89PNG')\n"
        "page = run._repr_html_() + hqnn.compile(run.path / 'spec.hqnn')._repr_html_()\n"
        "assert page.count('data:image/png;base64,') == 2\n"
        "import matplotlib.pyplot\nassert not matplotlib.pyplot.get_fignums()\n"
    )
    environment = {"PATH": "", "MPLBACKEND": "tkagg", "OMP_NUM_THREADS": "1", "HOME": str(tmp_path)}
    command = [sys.executable, "-c", script, str(run.path), str(tmp_path / "plot.png")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "plot.png").stat().st_size > 10_000


# --------------------------------------------------------------------- pages


class Page(html.parser.HTMLParser):
    """Whether a page is closed properly, its text, and what it takes from elsewhere."""

    VOID = ("img", "br")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open, self.seen, self.links, self.words = [], set(), [], []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.seen.add(tag)
        self.links += [value for name, value in attrs if name in {"src", "href"} or name.startswith("on")]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)

    @property
    def text(self) -> str:
        return "".join(self.words)


def assert_alone(page: Page) -> None:
    assert page.seen <= {"div", "table", "thead", "tbody", "tr", "td", "th", "pre", "span", "img"}
    assert page.links
    assert all(link.startswith("data:image/png;base64,") for link in page.links)


def test_the_page_of_a_run_stands_alone(run):
    page = Page(run._repr_html_())
    assert_alone(page)
    assert "z <i>" in page.text
    assert f"{run.metrics['test']['mae']:.4g}" in page.text
    assert "least squares (test)" in page.text


def test_the_page_of_a_program_stands_alone():
    text = SPEC.replace("model tiny", "## <script>alert('x')</script> & more\nmodel tiny")
    page = Page(hqnn.compile(text)._repr_html_())
    assert_alone(page)
    assert text.rstrip("\n") in page.text  # the whole spec, as it was written
    assert "circuit: 2 qubits" in page.text
    markup = hqnn.compile(text)._repr_html_()
    assert re.search(r'<span style="color:#\w+">model</span>', markup)
    assert re.search(r'<span style="color:#\w+">## &lt;script&gt;', markup)
    assert re.search(r'<span style="color:#\w+">0\.25</span>', markup)


def test_a_page_shows_the_changes_that_were_given():
    page = Page(hqnn.compile(SPEC, set={"epochs": 77})._repr_html_())
    assert "epochs    77" in page.text
    assert "with the changes that were given" in page.text
    assert "epochs 2" not in page.text


def test_control_characters_do_not_reach_a_page():
    text = SPEC.replace('"z <i>"', '"z \x1b[31m\u202e"') + "# a comment \x07\n"
    program = hqnn.compile(text)
    for shown in (program._repr_html_(), repr(program)):
        assert not re.search("[\x00-\x09\x0b-\x1f\u202e]", shown)


def test_a_circuit_too_large_to_draw_is_said_to_be():
    text = "hqnn 1\nmodel m { circuit on 45 qubits { feature_map angle(); measure z[0]*z[44] } }"
    page = Page(hqnn.compile(text, set={"backend": "aer(simulation: matrix_product_state)"})._repr_html_())
    assert "too large to be drawn" in page.text


SEVEN = (
    "data { target u; features a, b, c, d, e, f, g }; encoder { dense(2); tanh }; circuit on 2 qubits "
    "{ feature_map angle() }; decoder { tanh; dense }"
)


@pytest.mark.parametrize(
    ("text", "network"),
    [
        ("circuit on 2 qubits { h 0; cx 0, 1 }", "inputs 0 -> circuit 2"),
        ("circuit on 2 qubits { feature_map angle(); measure parity }", "x -> circuit 1 -> the table's last column"),
        (SEVEN, "7 features 7 -> dense 2 -> tanh 2 -> circuit 2 -> tanh 2 -> dense 1 -> u"),
    ],
)
def test_a_program_is_described_in_a_few_lines(text, network):
    program = hqnn.compile(f"hqnn 1\nmodel m {{ {text} }}")
    said = repr(program)
    assert said.startswith("<Program m, from spec>\n")
    assert network.removeprefix("x") in said
    assert said.count("\n") <= 6


@pytest.mark.parametrize("changes", [{"epochs": 5}, {"optimizer": "sgd"}, {"backend": "native", "batch": 8}])
def test_of_a_trained_run_only_the_backend_may_change(run, changes):
    with pytest.raises(hqnn.Refusal) as refused:
        hqnn.open_run(run.path, changes)
    assert [found.code for found in refused.value.diagnostics] == ["E0607"]
    assert refused.value.exit_code == 2
    assert hqnn.open_run(run.path, {"backend": "native"}).spec.backend.name == "native"
