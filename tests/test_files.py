"""Writing files: whole or not at all, as private as what they replace, and never in the place of something else."""

from __future__ import annotations

import os
import socket
import stat
from pathlib import Path

import pytest

from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.files import check_output, replacing, writing


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def refused(path, **options) -> str:
    with pytest.raises(Refusal) as caught:
        check_output(Path(path), **options)
    (item,) = caught.value.diagnostics
    assert item.help or item.code == "E0603"
    return item.code


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o444, 0o755])
def test_what_is_replaced_keeps_its_mode_from_the_start(mode):
    path = Path("p.csv")
    path.write_text("old", encoding="utf-8")
    path.chmod(mode)
    with replacing(path) as beside:
        assert mode_of(beside) == 0o600
        beside.write_text("new", encoding="utf-8")
    assert path.read_text(encoding="utf-8") == "new"
    assert mode_of(path) == mode
    assert list(Path().iterdir()) == [path]


def test_a_new_file_has_the_mode_that_new_files_have():
    Path("other").touch()
    with replacing(Path("p.csv")) as beside:
        beside.write_text("new", encoding="utf-8")
    assert mode_of(Path("p.csv")) == mode_of(Path("other"))


def test_a_break_leaves_what_was_there():
    path = Path("p.csv")
    path.write_text("old", encoding="utf-8")

    def break_off() -> None:
        with replacing(path) as beside:
            beside.write_text("half", encoding="utf-8")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        break_off()
    assert path.read_text(encoding="utf-8") == "old"
    assert list(Path().iterdir()) == [path]


def test_a_link_that_waits_under_the_temporary_name_is_not_followed():
    path, victim = Path("p.csv"), Path("victim")
    victim.write_text("mine", encoding="utf-8")
    Path(f".p-{os.getpid()}.csv").symlink_to(victim)
    with replacing(path) as beside:
        beside.write_text("new", encoding="utf-8")
    assert (victim.read_text(encoding="utf-8"), path.read_text(encoding="utf-8")) == ("mine", "new")


def test_a_file_that_comes_while_the_output_is_computed_is_left_alone():
    path = Path("p.csv")

    def write_late() -> None:
        with writing(path) as beside:
            beside.write_text("ours", encoding="utf-8")
            path.write_text("theirs", encoding="utf-8")

    with pytest.raises(Refusal) as caught:
        write_late()
    assert [item.code for item in caught.value.diagnostics] == ["E0550"]
    assert path.read_text(encoding="utf-8") == "theirs"
    assert list(Path().iterdir()) == [path]


def test_a_full_disk_is_said_and_leaves_what_was_there():
    path = Path("p.csv")
    path.write_text("old", encoding="utf-8")

    def fill() -> None:
        with writing(path, force=True) as beside:
            beside.unlink()
            beside.symlink_to("/dev/full")
            with beside.open("w", encoding="utf-8") as stream:
                stream.write("new")

    with pytest.raises(Refusal) as caught:
        fill()
    assert [item.code for item in caught.value.diagnostics] == ["E0603"]
    assert "no space" in caught.value.diagnostics[0].headline
    assert path.read_text(encoding="utf-8") == "old"
    assert list(Path().iterdir()) == [path]


def test_what_exists_is_replaced_only_by_force():
    Path("p.csv").touch()
    assert refused("p.csv") == "E0550"
    check_output(Path("p.csv"), force=True)
    check_output(Path("q.csv"))


@pytest.mark.parametrize("force", [False, True])
def test_an_input_is_never_replaced_however_it_is_spelled(tmp_path, force):
    table = tmp_path / "t.csv"
    table.touch()
    Path("sub").mkdir()
    Path("hard.csv").hardlink_to(table)
    Path("soft.csv").symlink_to(table)
    Path("way").symlink_to(tmp_path)
    for name in ("t.csv", "./sub/../t.csv", str(table), "hard.csv", "soft.csv", "way/t.csv"):
        assert refused(name, inputs=[(Path("t.csv"), "the table")], force=force) == "E0551", name
    assert refused("none.csv", inputs=[(Path("sub/../none.csv"), "a file")], force=force) == "E0551"
    assert refused("sub/new.csv", inputs=[(Path("sub"), "a folder")], force=force) == "E0551"
    assert table.read_bytes() == b""


@pytest.mark.parametrize("force", [False, True])
def test_only_plain_files_are_written(force):
    os.mkfifo("pipe")
    Path("folder").mkdir()
    Path("there.csv").touch()
    Path("link").symlink_to("there.csv")
    Path("broken").symlink_to("nowhere")
    Path("circle").symlink_to("circle")
    with socket.socket(socket.AF_UNIX) as there:
        there.bind("socket")
    for name in ("pipe", "folder", "link", "broken", "circle", "socket", "/dev/null", "/dev/full", "/dev/stdout", ""):
        assert refused(name, force=force) == "E0552", name
    assert Path("link").is_symlink()
    with pytest.raises(Refusal, match=r"a link to `there\.csv`"):
        check_output(Path("link"), force=force)


def test_a_folder_that_takes_no_file_is_said_before():
    Path("file").touch()
    for name in ("nosuch/p.csv", "file/p.csv", "a\0b", "n" * 300):
        assert refused(name) == "E0603", name


def test_a_folder_without_leave_to_write(monkeypatch):
    Path("locked").mkdir()
    monkeypatch.setattr(os, "access", lambda path, mode: str(path) != "locked")
    assert refused("locked/p.csv") == "E0603"


@pytest.mark.parametrize("durable", [False, True])
def test_what_is_to_outlast_a_loss_of_power_is_on_the_disk_before_it_has_its_name(tmp_path, monkeypatch, durable):
    """The bytes before the name, and the name before the block has ended."""
    done, sync, place = [], os.fsync, Path.replace

    def synced(opened):
        done.append(Path(f"/proc/self/fd/{opened}").readlink().name)
        sync(opened)

    def replaced(path, target):
        done.append("replaced")
        return place(path, target)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(Path, "replace", replaced)
    with replacing(tmp_path / "file.txt", durable=durable) as beside:
        beside.write_text("text")
    assert done == ([beside.name, "replaced", tmp_path.name] if durable else ["replaced"])


def test_a_disk_that_does_not_take_the_bytes_leaves_the_old_file(tmp_path, monkeypatch):
    (tmp_path / "file.txt").write_text("old")

    def refuse(_opened):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(OSError, match="Input/output error"), replacing(tmp_path / "file.txt", durable=True) as beside:
        beside.write_text("new")
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("file.txt", "old")]
