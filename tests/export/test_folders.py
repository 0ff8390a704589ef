"""A compiled folder appears whole or stays as it was: full disks, kills, links, strangers' files, two at once."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import hqnn_dsl as hqnn
from hqnn_dsl import folders
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.export.module import module_bytes
from hqnn_dsl.folders import HoldsOthers, fresh_folder

SPEC = """hqnn 1
model {name} {{
  circuit on {qubits} qubits {{ feature_map angle(); ansatz real_amplitudes(reps: 1); measure z }}
  decoder {{ dense }}
}}
"""
FAST = ("qasm", "qpy", "module", "static", "observables")


def program(name: str = "first", qubits: int = 2) -> hqnn.Program:
    return hqnn.compile_text(SPEC.format(name=name, qubits=qubits))


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def code_of(refused: pytest.ExceptionInfo[Refusal]) -> str:
    return refused.value.diagnostics[0].code


def test_a_folder_holds_the_files_of_the_last_compile_and_no_others(tmp_path: Path) -> None:
    out = tmp_path / "c"
    hqnn.write_compiled(program(), out, FAST)
    hqnn.write_compiled(program("second", 3), out, ("static",))
    assert set(contents(out)) == {"static.json", "spec.resolved.hqnn"}
    with pytest.raises(Refusal) as refused:
        hqnn.load(out)
    assert code_of(refused) == "E0601"
    hqnn.write_compiled(program("second", 3), out, FAST)
    assert hqnn.load(out).circuit.circuit.num_qubits == 3
    assert list(tmp_path.iterdir()) == [out]


def test_a_folder_of_two_specs_is_not_loaded(tmp_path: Path) -> None:
    """As older versions left it, or as copying makes it."""
    hqnn.write_compiled(program(), tmp_path / "a", FAST)
    hqnn.write_compiled(program("second", 3), tmp_path / "b", FAST)
    (tmp_path / "a" / "module.pt").replace(tmp_path / "b" / "module.pt")
    with pytest.raises(Refusal) as refused:
        hqnn.load(tmp_path / "b")
    assert code_of(refused) == "E0612"
    (tmp_path / "b" / "spec.resolved.hqnn").unlink()
    assert hqnn.load(tmp_path / "b").circuit.circuit.num_qubits == 2


@pytest.mark.parametrize("is_there", [True, False])
@pytest.mark.parametrize("file", ["spec.resolved.hqnn", "transpiled.qpy", "static.json"])
def test_a_full_disk_leaves_what_was_there(file: str, is_there: bool, tmp_path: Path, monkeypatch) -> None:
    out = tmp_path / "above" / "c"
    if is_there:
        hqnn.write_compiled(program(), out, FAST)
    before, real = contents(tmp_path), Path.write_bytes

    def full(self: Path, data: bytes) -> int:
        if self.name == file:
            real(self, data[: len(data) // 2])
            raise OSError(errno.ENOSPC, "No space left on device", str(self))
        return real(self, data)

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(Refusal, match="no space left") as refused:
        hqnn.write_compiled(program("second", 3), out, FAST)
    assert code_of(refused) == "E0603"
    assert str(out) in str(refused.value)
    assert contents(tmp_path) == before
    assert [path.name for path in tmp_path.iterdir()] == (["above"] if is_there else [])


def test_the_module_is_written_as_bytes_so_a_full_disk_is_an_error_of_the_system(tmp_path: Path) -> None:
    """Torch's own writer ends with a RuntimeError of its archive on a full disk."""
    net = program().network(2)
    data = module_bytes(net, "spec", (2, 1))
    assert data.startswith(b"PK")


def test_what_is_no_folder_is_refused_before_anything_is_compiled(tmp_path: Path, monkeypatch) -> None:
    made = program()
    monkeypatch.setattr(type(made), "transpiled_slots", property(lambda _: pytest.fail("compiled")))
    file, stranger = tmp_path / "file", tmp_path / "stranger"
    file.write_text("mine", encoding="utf-8")
    stranger.mkdir()
    (stranger / "notes.txt").write_text("mine", encoding="utf-8")
    before = contents(tmp_path)
    for out, code in (
        (file, "E0603"),
        (file / "below", "E0603"),
        (tmp_path / "link", "E0603"),
        (stranger, "E0602"),
        (tmp_path / "loop", "E0603"),
        (tmp_path / "null\0", "E0603"),
    ):
        if out.name == "link":
            out.symlink_to(file)
        if out.name == "loop":
            out.symlink_to(out)
        with pytest.raises(Refusal) as refused:
            hqnn.write_compiled(made, out, FAST)
        assert code_of(refused) == code, out
    (tmp_path / "link").unlink()
    (tmp_path / "loop").unlink()
    assert contents(tmp_path) == before


@pytest.mark.parametrize("make", [Path.mkdir, lambda path: path.symlink_to("elsewhere")])
def test_a_folder_or_a_link_called_like_a_file_of_ours_is_a_stranger(make, tmp_path: Path) -> None:
    out = tmp_path / "c"
    hqnn.write_compiled(program(), out, ("static",))
    (out / "static.json").unlink()
    make(out / "static.json")
    with pytest.raises(Refusal) as refused:
        hqnn.write_compiled(program(), out, ("static",))
    assert code_of(refused) == "E0602"
    assert os.path.lexists(out / "static.json")


def test_a_link_to_a_folder_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real").chmod(0o750)
    (tmp_path / "link").symlink_to("real")
    (tmp_path / "dangling").symlink_to("later")
    hqnn.write_compiled(program(), tmp_path / "link", ("static",))
    hqnn.write_compiled(program(), tmp_path / "dangling", ("static",))
    assert (tmp_path / "link").is_symlink()
    assert (
        set(contents(tmp_path / "real")) == {"static.json", "spec.resolved.hqnn"} == set(contents(tmp_path / "later"))
    )
    assert (tmp_path / "real").stat().st_mode & 0o777 == 0o750


def test_the_folder_that_somebody_works_in_stays_theirs(tmp_path: Path, monkeypatch) -> None:
    hqnn.write_compiled(program(), tmp_path / "c", FAST)
    monkeypatch.chdir(tmp_path / "c")
    before = (tmp_path / "c").stat().st_ino
    written = hqnn.write_compiled(program("second", 3), ".", ("static",))
    assert (tmp_path / "c").stat().st_ino == before
    assert set(contents(tmp_path / "c")) == {"static.json", "spec.resolved.hqnn"}
    assert all(path.is_file() for path in written)
    assert b"second" in (tmp_path / "c" / "static.json").read_bytes()


@pytest.mark.parametrize("at_once", [True, False])
def test_what_comes_into_the_folder_meanwhile_is_kept(at_once: bool, tmp_path: Path, monkeypatch) -> None:
    if not at_once:
        monkeypatch.setattr(folders, "_exchange_at_once", lambda *_: False)
    out = tmp_path / "c"
    hqnn.write_compiled(program(), out, ("static",))

    def write() -> None:
        with fresh_folder(out, lambda path: path.name != "notes.txt") as fresh:
            (fresh / "new").write_text("new", encoding="utf-8")
            monkeypatch.setattr(folders, "_check", lambda *_: None)  # the moment after it was looked at
            (out / "notes.txt").write_text("mine", encoding="utf-8")

    with pytest.raises(HoldsOthers):
        write()
    assert set(contents(out)) == {"static.json", "spec.resolved.hqnn", "notes.txt"}
    assert list(tmp_path.iterdir()) == [out]


@pytest.mark.parametrize("at_once", [True, False])
def test_two_at_once_leave_the_files_of_one(at_once: bool, tmp_path: Path, monkeypatch) -> None:
    if not at_once:
        monkeypatch.setattr(folders, "_exchange_at_once", lambda *_: False)
    out, together, failed = tmp_path / "c", threading.Barrier(4), []

    def write(own: str) -> None:
        try:
            for _ in range(25):
                with fresh_folder(out, lambda _: True) as fresh:
                    for name in ("a", "b", f"only-{own}"):
                        (fresh / name).write_text(own, encoding="utf-8")
                    together.wait(timeout=10)
        except BaseException as error:
            failed.append(error)
            raise

    threads = [threading.Thread(target=write, args=(str(number),)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    found = contents(out)
    (own,) = {text.decode() for text in found.values()}
    assert set(found) == {"a", "b", f"only-{own}"}
    assert list(tmp_path.iterdir()) == [out]


LONG = """
import sys, time
from pathlib import Path
from hqnn_dsl.cli.main import _end_in_order
from hqnn_dsl.folders import fresh_folder
_end_in_order()
with fresh_folder(Path(sys.argv[1]), lambda _: True) as fresh:
    (fresh / "half").write_text("half")
    print("writing", flush=True)
    time.sleep(60)
"""


@pytest.mark.parametrize(("number", "leaves_rubbish"), [("SIGTERM", False), ("SIGINT", False), ("SIGKILL", True)])
def test_a_killed_compile_leaves_the_old_folder(number: str, leaves_rubbish: bool, tmp_path: Path) -> None:
    """What only the system could end is swept up by the next compile to the same folder."""
    out = tmp_path / "c"
    out.mkdir()
    (out / "old").write_text("old", encoding="utf-8")
    command = [sys.executable, "-c", "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)" + LONG]
    with subprocess.Popen([*command, out], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"writing\n"
        process.send_signal(getattr(signal, number))
        assert process.wait() != 0
    assert contents(out) == {"old": b"old"}
    assert (len(list(tmp_path.iterdir())) == 2) is leaves_rubbish
    with fresh_folder(out, lambda _: True) as fresh:
        (fresh / "new").write_text("new", encoding="utf-8")
    assert contents(tmp_path) == {"c/new": b"new"}


def test_what_a_living_process_writes_is_not_swept(tmp_path: Path) -> None:
    with fresh_folder(tmp_path / "c", lambda _: True) as first:
        with fresh_folder(tmp_path / "c", lambda _: True) as second:
            (second / "b").write_text("b", encoding="utf-8")
        assert first.is_dir()
        (first / "a").write_text("a", encoding="utf-8")
    assert contents(tmp_path) == {"c/a": b"a"}


def test_where_the_system_cannot_exchange_folders_at_once(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(folders, "_exchange_at_once", lambda *_: False)
    for text in ("one", "two"):
        with fresh_folder(tmp_path / "c", lambda _: True) as fresh:
            (fresh / text).write_text(text, encoding="utf-8")
    assert contents(tmp_path) == {"c/two": b"two"}
    real = Path.rename

    def broken(self: Path, target: Path) -> Path:
        if target == tmp_path / "c" and "two" not in {path.name for path in self.iterdir()}:
            raise OSError(errno.EIO, "Input/output error", str(self))
        return real(self, target)

    monkeypatch.setattr(Path, "rename", broken)
    with pytest.raises(OSError, match="Input/output"), fresh_folder(tmp_path / "c", lambda _: True) as fresh:
        (fresh / "three").write_text("three", encoding="utf-8")
    assert contents(tmp_path) == {"c/two": b"two"}
