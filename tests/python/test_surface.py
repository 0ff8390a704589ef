"""What Python offers by name: two names of one package, its help, and refusals that end at the caller's line."""

from __future__ import annotations

import contextlib
import io
import pickle
import pydoc
import subprocess
import sys
import traceback
from pathlib import Path

import pytest

import hqnn
import hqnn_dsl
from hqnn_dsl.cli.main import main
from hqnn_dsl.diagnostics.tracebacks import public, public_class

ROOT = Path(__file__).parents[2]
MODEL = ROOT / "specs" / "model.hqnn"
YACHT = ROOT / "specs" / "data" / "yacht.csv"
WRONG = """\
hqnn 1
model m {
  data { target y }
  circuit on 2 qubits { feature_map angle(); h 7; measure z }
  train { epoch 3 }
}
"""
FUNCTIONS = {"compile", "compile_text", "load", "open_run", "train", "write_compiled", "write_report"}


def test_the_short_name_is_the_same_package():
    assert hqnn.__all__ == hqnn_dsl.__all__
    for name in hqnn_dsl.__all__:
        assert getattr(hqnn, name) is getattr(hqnn_dsl, name)
    with pytest.raises(AttributeError, match="nosuch"):
        _ = hqnn.nosuch


@pytest.mark.parametrize("package", [hqnn, hqnn_dsl])
def test_its_functions_are_listed(package):
    assert set(package.__all__) <= set(dir(package))
    assert set(package.__all__) >= FUNCTIONS
    text = pydoc.render_doc(package, renderer=pydoc.plaintext)
    for name in FUNCTIONS:
        assert f"\n    {name}(" in text
    assert "class Run" in text
    for name in sorted(FUNCTIONS):
        assert (getattr(package, name).__doc__ or "").count("eturn") >= 1


def test_importing_it_loads_nothing_heavy():
    script = (
        "import sys, hqnn\ndir(hqnn)\nhqnn.Refusal\n"
        "heavy = {'torch', 'qiskit', 'pandas', 'numpy', 'matplotlib', 'pydantic', 'sklearn', 'numba', 'typer'}\n"
        "found = heavy & set(sys.modules)\nassert not found, found\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


# ------------------------------------------------------------------ refusals


def said_by_a_command(path: Path, monkeypatch) -> str:
    """What `hqnn check` prints about a spec."""
    monkeypatch.setattr(sys, "argv", ["hqnn", "check", str(path)])
    heard = io.StringIO()
    with contextlib.redirect_stderr(heard), pytest.raises(SystemExit):
        main()
    return heard.getvalue().strip()


def test_a_refusal_reads_as_in_the_terminal(tmp_path, monkeypatch):
    path = tmp_path / "wrong.hqnn"
    path.write_text(WRONG)
    with pytest.raises(hqnn.Refusal) as refused:
        hqnn.compile(path)
    text = str(refused.value)
    assert text == said_by_a_command(path, monkeypatch)
    assert "wrong.hqnn:4:48" in text
    assert "^ qubit 7" in text
    assert "did you mean `epochs`" in text
    assert "2 errors" in text


def test_of_very_many_findings_some_are_shown_and_all_are_counted():
    text = "hqnn 1\nmodel m { data { target y }; circuit on 2 qubits {\n" + "".join(f"h {q}\n" for q in range(2, 60))
    with pytest.raises(hqnn.Refusal) as refused:
        hqnn.compile(text + "} }\n")
    assert str(refused.value).count("error[") < len(refused.value.diagnostics)
    assert "are not shown" in str(refused.value)


def open_what_is_not_there() -> None:
    hqnn.open_run("no/such/run")


def compile_what_is_wrong() -> None:
    hqnn.compile(WRONG)


def ask_a_program() -> None:
    hqnn.compile(MODEL).quantum_layer("aer(device: nosuch)")


def ask_a_value_of_a_program() -> None:
    wide = "hqnn 1\nmodel m { circuit on 12 qubits { feature_map angle(); measure probabilities({}) } }"
    wide = wide.replace("{}", ", ".join(map(str, range(12))))
    _ = hqnn.compile(wide, set={"transpile.target": '"fake_manila"'}).transpiled


def train_with_a_wrong_table() -> None:
    hqnn.train(MODEL, "no/such/table.csv")


def load_what_is_not_there() -> None:
    hqnn.load("no/such/folder")


CALLS = [
    open_what_is_not_there, compile_what_is_wrong, ask_a_program, ask_a_value_of_a_program, train_with_a_wrong_table,
    load_what_is_not_there,
]  # fmt: skip


@pytest.mark.parametrize("call", CALLS)
def test_a_traceback_ends_at_the_callers_line(call):
    try:
        call()
    except hqnn.Refusal as refusal:
        frames = traceback.extract_tb(refusal.__traceback__)
        text = "".join(traceback.format_exception(refusal))
    assert [frame.name for frame in frames] == [test_a_traceback_ends_at_the_callers_line.__name__, call.__name__]
    assert {frame.filename for frame in frames} == {__file__}
    assert text.count("Traceback") == 1
    assert "hqnn.Refusal: error[" in text


def test_a_bug_keeps_its_whole_traceback():
    @public
    def outer() -> None:
        inner()

    def inner() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError) as raised:
        outer()
    assert "inner" in [entry.name for entry in raised.traceback]


def test_a_wrapped_class_keeps_its_kinds_of_attributes():
    from functools import cached_property

    class Plain:
        def method(self) -> int:
            """Returns one."""
            return 1

        @staticmethod
        def fixed() -> int:
            return 2

        @classmethod
        def named(cls) -> str:
            return cls.__name__

        @property
        def value(self) -> int:
            """The value."""
            return 3

        @cached_property
        def kept(self) -> list[int]:
            """A list, made once."""
            return []

    wrapped = public_class(Plain)()
    assert (wrapped.method(), wrapped.fixed(), wrapped.named(), wrapped.value) == (1, 2, "Plain", 3)
    assert wrapped.kept is wrapped.kept
    assert Plain.method.__doc__ == "Returns one."
    assert Plain.value.__doc__ == "The value."
    assert Plain.kept.__doc__ == "A list, made once."


def test_a_refusal_survives_a_process_pool():
    """Pools pickle what their workers raise; one that cannot be read back breaks the pool."""
    with pytest.raises(hqnn.Refusal) as refused:
        hqnn.compile(WRONG)
    again = pickle.loads(pickle.dumps(refused.value))
    assert isinstance(again, hqnn.Refusal)
    assert str(again) == str(refused.value)
    assert again.exit_code == refused.value.exit_code
    assert repr(again) == "Refusal(E0301, E0204)"


# ------------------------------------------------------------------ path or text


def test_a_path_or_a_text_may_be_given(tmp_path, monkeypatch):
    text = MODEL.read_text(encoding="utf-8")
    (tmp_path / "a{b}.hqnn").write_text(text, encoding="utf-8")
    expected = hqnn.compile(MODEL).spec
    for given in (text, text.replace("\n", "\r\n"), str(MODEL), tmp_path / "a{b}.hqnn"):
        assert hqnn.compile(given).spec == expected
    one_line = "hqnn 1; model m { circuit on 1 qubits { h 0; measure x } }"
    assert hqnn.compile(one_line).spec.num_outputs == 1
    assert hqnn.compile(MODEL, set={"width": 2}).spec.num_qubits == 2
    monkeypatch.chdir(tmp_path)
    assert hqnn.write_compiled(text, "out", ["static"])
    assert hqnn.write_compiled(MODEL, "out", ["static"])


def test_changes_are_values_of_python():
    changes = {
        "transpile.basis": ["rz", "sx", "x", "cx"], "transpile.coupling": ((0, 1), (1, 2)), "width": 3, "clip": None,
        "loss": "huber", "lr": 1e-3,
    }  # fmt: skip
    spec = hqnn.compile(MODEL, set=changes).spec
    assert spec.transpile.basis == ("rz", "sx", "x", "cx")
    assert spec.transpile.coupling == ((0, 1), (1, 2))
    assert (spec.train.clip, spec.train.loss.name, spec.train.optimizer.options["lr"]) == (None, "huber", 0.001)


@pytest.mark.parametrize("given", [None, 3, b"hqnn 1", io.StringIO("hqnn 1"), ["a"]])
def test_what_is_no_spec(given):
    with pytest.raises(hqnn.Refusal, match="E0631") as refused:
        hqnn.compile(given)
    assert "the path of a spec" in str(refused.value)
    with pytest.raises(hqnn.Refusal, match="E0631"):
        hqnn.compile_text(given)
    with pytest.raises(hqnn.Refusal, match="E0631"):
        hqnn.train(given, YACHT)


def test_options_for_a_spec_are_not_ignored_beside_a_program(tmp_path):
    program = hqnn.compile(MODEL)
    for option in ({"set": {"epochs": 1}}, {"allow_path": tmp_path}):
        with pytest.raises(hqnn.Refusal, match="E0630") as refused:
            hqnn.train(program, YACHT, tmp_path / "run", **option)
        assert next(iter(option)) in str(refused.value)
    assert not (tmp_path / "run").exists()
