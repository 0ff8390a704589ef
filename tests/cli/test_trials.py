"""`hqnn verify` and `hqnn bench`: tables, one JSON document, exit codes."""

from __future__ import annotations

import json
import sys

import pytest
from wrong_backends import SPEC, changed, not_a_number, quick_rows_only, wrong_values

from hqnn_dsl.backends import offered
from hqnn_dsl.cli.main import main


@pytest.fixture
def _quick(monkeypatch):
    yield from quick_rows_only()


@pytest.fixture
def hqnn(monkeypatch, _quick, tmp_path, capsys):
    """Runs a command on the small spec, without Aer: exit code, standard output, standard error."""
    spec = tmp_path / "small.hqnn"
    spec.write_text(SPEC, encoding="utf-8")

    def run(command, *options):
        monkeypatch.setattr("hqnn_dsl.cli.output._as_json", False)
        monkeypatch.setattr(sys, "argv", ["hqnn", command, str(spec), *options])
        with pytest.raises(SystemExit) as left:
            main()
        said = capsys.readouterr()
        return left.value.code or 0, said.out, said.err

    return run


def test_verify_prints_a_table(hqnn):
    code, out, err = hqnn("verify", "--points", "1")
    assert code == 0
    lines = out.splitlines()
    assert lines[0].split() == ["backend", "precision", "values", "gradients", "finite", "differences", "verdict"]
    assert sum(line.endswith(" agrees") for line in lines) >= 4
    assert "all 8 gradients" in lines[-1]
    assert "trying reference (double)" in err


def test_bench_prints_a_table_with_ratios(hqnn):
    code, out, _ = hqnn("bench", "--seconds", "0.1", "--batch", "3")
    assert code == 0
    assert "1.0 ×" in out
    assert "Medians of a batch of 3 on cpu" in out
    assert "all agree with reference (double)" in out


@pytest.mark.parametrize("command", [["verify", "--points", "1"], ["bench", "--seconds", "0.1"]], ids=lambda c: c[0])
@pytest.mark.parametrize("change", [wrong_values, not_a_number])
def test_a_wrong_backend_is_a_bug_of_ours(hqnn, monkeypatch, command, change):
    monkeypatch.setitem(offered(), "wrong", changed("wrong", change))
    code, out, err = hqnn(*command)
    assert code == 70
    assert "differs" in out
    assert "error[E0608]: wrong (double) gives other numbers than reference (double): this is a bug in hqnn" in err
    assert "error[E0608]: wrong (single)" in err
    assert "Traceback" not in err


@pytest.mark.parametrize(("command", "options"), [("verify", ["--points", "1"]), ("bench", ["--seconds", "0.1"])])
def test_json_is_one_document(hqnn, monkeypatch, command, options):
    code, out, _ = hqnn(command, "--json", *options)
    found = json.loads(out)
    assert code == 0
    assert found["ok"] is True
    assert {"reference"} <= {row["name"] for row in found["rows"]}
    assert {row["precision"] for row in found["rows"]} == {"single", "double"}
    monkeypatch.setitem(offered(), "wrong", changed("wrong", not_a_number))
    code, out, _ = hqnn(command, "--json", *options)
    found = json.loads(out)
    assert code == 70
    assert found["ok"] is False
    assert [row["precision"] for row in found["rows"] if row["verdict"] == "differs"] == ["double", "single"]


def test_set_and_wrong_options(hqnn):
    code, out, _ = hqnn("verify", "--points", "1", "--json", "--set", "reps=2")
    assert code == 0
    assert json.loads(out)["gradients"] == 4 + 6
    assert hqnn("verify", "--points", "0")[0] == 2
    assert hqnn("bench", "--seconds", "0")[0] == 2
    assert hqnn("bench", "--batch", "0")[0] == 2
    code, _, err = hqnn("bench", "--set", "nothing=1")
    assert code in {1, 2}
    assert "error[" in err
