"""`hqnn report` of several runs, with `--card` and with `--export`: where they are written, and what is refused."""

from __future__ import annotations

import re
import shutil
import webbrowser
from pathlib import Path

import pytest

import hqnn

SPEC = """hqnn 1
model small {
  data { target y; features a, b }
  circuit on 2 qubits { feature_map angle(); ansatz real_amplitudes(reps: 1) }
  decoder { dense }
  train { epochs 1; batch 16; device cpu; seed SEED }
  backend reference
}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("reported")
    lines = [f"{k / 40},{k % 7},{k / 20 + k % 7}" for k in range(40)]
    (place / "table.csv").write_text("\n".join(["a,b,y", *lines, ""]))
    for name, seed in (("first", "1"), ("second", "2")):
        hqnn.train(SPEC.replace("SEED", seed), place / "table.csv", place / name, progress=False)
    return place


@pytest.fixture
def runs(folder, tmp_path):
    return [shutil.copytree(folder / name, tmp_path / name) for name in ("first", "second")]


def files_of(place):
    return {path: path.read_bytes() for path in place.rglob("*") if path.is_file()}


def test_several_runs_are_written_here_and_into_no_run(runs, tmp_path, hqnn_command, monkeypatch):
    opened = []
    monkeypatch.setattr(webbrowser, "open", opened.append)
    before = files_of(tmp_path)
    ended = hqnn_command("report", *runs, "--open", cwd=tmp_path)
    page = tmp_path / "runs-compared.html"
    assert (ended.code, ended.out) == (0, "report: runs-compared.html\n")
    assert "<h1>2 runs side by side</h1>" in page.read_text(encoding="utf-8")
    assert opened == [page.as_uri()]
    assert {path: data for path, data in files_of(tmp_path).items() if path != page} == before
    first = page.read_bytes()
    ended = hqnn_command("report", *runs, cwd=tmp_path)
    assert (ended.code, "E0550" in ended.err) == (2, True)
    assert hqnn_command("report", *runs, "--force", cwd=tmp_path).code == 0
    assert page.read_bytes() == first


def test_the_page_of_several_runs_replaces_no_file_of_a_run(runs, hqnn_command):
    (runs[1] / "report.html").write_text("a page")
    for name in ("metrics.json", "report.html"):
        ended = hqnn_command("report", *runs, "--out", runs[1] / name, "--force")
        assert (ended.code, "E0551" in ended.err) == (2, True)
    assert (runs[1] / "report.html").read_text() == "a page"


def test_a_card_lies_in_the_run_and_an_edited_one_is_kept(runs, hqnn_command, folder, tmp_path):
    run, card = runs[0], runs[0] / "README.md"
    for _ in range(2):
        ended = hqnn_command("report", run, "--card")
        assert (ended.code, ended.out) == (0, f"card: {card}\n")
    assert hqnn_command("report", run, "--card", "--data", folder / "table.csv").code == 0
    assert "test rows outside" in card.read_text(encoding="utf-8")
    card.write_text(card.read_text(encoding="utf-8").replace("[More Information Needed]", "me"), encoding="utf-8")
    edited = card.read_bytes()
    ended = hqnn_command("report", run, "--card")
    assert (ended.code, "E0656" in ended.err, card.read_bytes()) == (2, True, edited)
    assert hqnn_command("report", run, "--card", "--out", tmp_path / "card.md").code == 0
    assert hqnn_command("report", run, "--card", "--force").code == 0
    assert card.read_bytes() == (tmp_path / "card.md").read_bytes()


def test_a_card_of_another_table_or_in_place_of_a_file_is_refused(runs, hqnn_command, tmp_path, folder):
    (tmp_path / "other.csv").write_text((folder / "table.csv").read_text().replace("0.5,", "0.6,"))
    ended = hqnn_command("report", runs[0], "--card", "--data", tmp_path / "other.csv")
    assert (ended.code, "E0657" in ended.err) == (1, True)
    assert not (runs[0] / "README.md").exists()
    ended = hqnn_command("report", runs[0], "--card", "--out", runs[0] / "metrics.json", "--force")
    assert (ended.code, "E0551" in ended.err) == (2, True)


def test_an_export_is_a_folder_and_only_that_is_written(runs, tmp_path, hqnn_command):
    before = files_of(tmp_path)
    ended = hqnn_command("report", runs[0], "--export", tmp_path / "figures")
    assert ended.code == 0
    assert re.fullmatch(rf"drawing \d+ figures into {tmp_path / 'figures'} …\n", ended.err), ended.err
    written = {path: data for path, data in files_of(tmp_path).items() if path not in before}
    assert all(path.parent == tmp_path / "figures" for path in written)
    assert ended.out.startswith(f"export: {len(written) - 1} files in {tmp_path / 'figures'}")
    assert (tmp_path / "figures" / "losses.pdf") in written
    again = hqnn_command("report", runs[0], "--export", tmp_path / "figures")
    assert again.code == 0
    assert {path: path.read_bytes() for path in written} == written
    (tmp_path / "figures" / "notes.txt").write_text("mine")
    ended = hqnn_command("report", runs[0], "--export", tmp_path / "figures", "--force")
    assert (ended.code, "E0602" in ended.err) == (2, True)
    ended = hqnn_command("report", runs[0], "--export", runs[0])
    assert (ended.code, "E0602" in ended.err) == (2, True)


def test_several_runs_are_exported_too(runs, tmp_path, hqnn_command):
    assert hqnn_command("report", *runs, "--export", tmp_path / "both").code == 0
    assert (tmp_path / "both" / "training-regression.svg").exists()
    assert "train.seed,1,2\n" in (tmp_path / "both" / "table-specs-1.csv").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("several", "options", "wrong"),
    [
        (False, ("--card", "--export", "DIR"), 1),
        (True, ("--card",), 1),
        (True, ("--data", "TABLE"), 1),
        (False, ("--export", "DIR", "--out", "x.html"), 1),
        (False, ("--card", "--open"), 1),
        (False, ("--export", "DIR", "--open"), 1),
        (True, ("--card", "--export", "DIR", "--open"), 3),
        (False, ("--force",), 1),
        (False, ("--force", "--data", "TABLE"), 1),
    ],
)
def test_options_that_would_change_nothing_are_refused(runs, several, options, wrong, hqnn_command, tmp_path, folder):
    before = files_of(tmp_path)
    places = {"DIR": tmp_path / "export", "TABLE": folder / "table.csv"}
    ended = hqnn_command("report", *(runs if several else runs[:1]), *(places.get(one, one) for one in options))
    assert (ended.code, ended.err.count("error[E0653]")) == (2, wrong), ended.err
    assert files_of(tmp_path) == before


def test_from_python_a_list_of_runs_is_put_side_by_side(runs, tmp_path, folder, monkeypatch, hqnn_command):
    monkeypatch.chdir(tmp_path)
    page = hqnn.write_report([runs[0], hqnn.open_run(runs[1])])
    assert page == Path("runs-compared.html")
    assert hqnn_command("report", *runs, "--out", "typed.html", cwd=tmp_path).code == 0
    assert page.read_bytes() == (tmp_path / "typed.html").read_bytes()
    with pytest.raises(hqnn.Refusal, match="E0550"):
        hqnn.write_report(runs)
    assert hqnn.write_report(runs, force=True) == page
    assert hqnn.write_report(runs[:1], out="one.html") == Path("one.html")
    assert b"report of a run" in Path("one.html").read_bytes()
    for given, code in (((runs, folder / "table.csv"), "E0653"), (([],), "E0605"), (([runs[0], 5],), "E0605")):
        with pytest.raises(hqnn.Refusal, match=code):
            hqnn.write_report(*given, out="other.html")
    assert not Path("other.html").exists()


@pytest.mark.parametrize("place", ["-", "/dev/stdout"])
@pytest.mark.parametrize("options", [(), ("--card",)])
def test_a_page_or_card_is_not_printed(runs, options, place, tmp_path, hqnn_command):
    ended = hqnn_command("report", runs[0], *options, "--out", place, cwd=tmp_path)
    assert (ended.code, "E0552" in ended.err) == (2, True)
    assert "standard output, no plain file" in ended.err or place != "-"
    assert "= help: name a file, such as `--out " in ended.err
    assert not (tmp_path / "-").exists()


def test_an_export_that_cannot_be_written_names_its_own_option(runs, tmp_path, hqnn_command, monkeypatch):
    from hqnn_dsl.report import export

    def full(*_given):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(export, "fresh_folder", full)
    ended = hqnn_command("report", runs[0], "--export", tmp_path / "x", cwd=tmp_path)
    assert (ended.code, "E0603" in ended.err) == (1, True)
    assert "name another folder with `--export`" in ended.err


def test_predictions_go_to_standard_output_without_the_option(runs, folder, tmp_path, hqnn_command):
    ended = hqnn_command("predict", runs[0], folder / "table.csv", "--out", "-", cwd=tmp_path)
    assert (ended.code, "leave `--out` out, for standard output" in ended.err) == (2, True)
    assert not (tmp_path / "-").exists()


def test_a_run_twice_and_many_trainings_are_refused(runs, tmp_path, hqnn_command):
    ended = hqnn_command("report", runs[0], runs[1], runs[0])
    assert (ended.code, "E0654" in ended.err) == (2, True)
    (tmp_path / "cv").mkdir()
    (tmp_path / "cv" / "cv.json").write_text("{}")
    for more in ((), (runs[0],), ("--card",), ("--export", tmp_path / "export")):
        ended = hqnn_command("report", tmp_path / "cv", *more)
        assert (ended.code, "E0655" in ended.err) == (1, True), ended.err


@pytest.mark.parametrize("number", [1, 2])
def test_the_table_of_the_training_is_never_replaced(folder, runs, number, hqnn_command):
    """The table is not named on the command line: the run knows its path."""
    before = (folder / "table.csv").read_bytes()
    ended = hqnn_command("report", *runs[:number], "--out", folder / "table.csv", "--force")
    assert (ended.code, "E0551" in ended.err, "the table of the training" in ended.err) == (2, True, True)
    assert (folder / "table.csv").read_bytes() == before
