"""Where compiled kernels are kept when no usual place can be written, and what is said when there is none at all."""

from __future__ import annotations

import os
import subprocess
import sys

import numba
import pytest
from numba.core import caching

from hqnn_dsl.backends.native import compiled, kernel_cache

pytestmark = pytest.mark.skipif(not hasattr(os, "getuid"), reason="users have numbers on POSIX")


def twice(number):
    return 2 * number


@pytest.fixture
def homeless(monkeypatch, tmp_path):
    """No place of Numba's can be written; temporary files are in a folder of the test's own."""

    def nowhere(*_: object) -> None:
        return None

    for locator in (caching.InTreeCacheLocator, caching.UserWideCacheLocator):
        monkeypatch.setattr(locator, "from_function", nowhere)
    monkeypatch.setattr(
        caching.UserProvidedCacheLocator, "from_function", _only_given(caching.UserProvidedCacheLocator)
    )
    monkeypatch.setattr(kernel_cache, "_not_kept", set())
    monkeypatch.setattr(kernel_cache, "_temporary", lambda: tmp_path)
    return tmp_path


def _only_given(locator):
    whole = locator.from_function.__func__
    return classmethod(lambda cls, function, file: whole(cls, function, file) if numba.config.CACHE_DIR else None)


def folder_of(parent):
    return parent / f"{kernel_cache.FOLDER}-{os.getuid()}"


@pytest.mark.usefixtures("printed_notices")
def test_without_a_home_kernels_are_kept_among_the_temporary_files(homeless, capfd):
    function = kernel_cache.kept(twice)
    assert function(4) == 8
    folder = folder_of(homeless)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert list(folder.rglob("*.nbc"))
    assert kernel_cache.is_kept()
    again = kernel_cache.kept(twice)
    assert again(4) == 8
    assert sum(again.stats.cache_hits.values()) == 1
    assert capfd.readouterr().err == ""
    assert not numba.config.CACHE_DIR


@pytest.mark.parametrize("wrong", ["open", "link", "file", "missing", "foreign"])
@pytest.mark.usefixtures("printed_notices")
def test_a_folder_that_is_not_ours_alone_is_not_used(homeless, monkeypatch, capfd, wrong):
    folder = folder_of(homeless)
    elsewhere = homeless / "elsewhere"
    elsewhere.mkdir(mode=0o700)
    if wrong == "open":
        folder.mkdir()
        folder.chmod(0o777)
    elif wrong == "link":
        folder.symlink_to(elsewhere)
    elif wrong == "file":
        folder.write_bytes(b"")
    elif wrong == "missing":
        monkeypatch.setattr(kernel_cache, "_temporary", lambda: homeless / "nosuch")
    else:
        folder.mkdir(mode=0o700)
        mine = os.getuid()
        monkeypatch.setattr(kernel_cache.os, "getuid", lambda: mine + 1)
        folder.rename(folder_of(homeless))
    for _ in range(5):
        assert kernel_cache.kept(twice)(4) == 8
    assert not list(homeless.rglob("*.nbc"))
    said = capfd.readouterr().err.splitlines()
    assert len(said) == 1
    assert said[0].startswith("note: the native kernels cannot be kept on disk")
    assert "NUMBA_CACHE_DIR" in said[0]
    assert not kernel_cache.is_kept()


@pytest.mark.usefixtures("printed_notices")
def test_kernels_that_cannot_be_written_are_run_all_the_same(monkeypatch, capfd):
    monkeypatch.setattr(kernel_cache, "_not_kept", set())
    calls = []

    def kernel(number):
        calls.append(number)
        if len(calls) == 1:
            raise OSError(28, "No space left on device")
        return 2 * number

    assert compiled.call(("a kind of its own",), kernel, 4) == 8
    assert "no space left on device" in capfd.readouterr().err


def test_a_process_without_a_home_finds_a_place(tmp_path):
    """A package that cannot be written, and a home that is no folder: told in one line at most, and kept."""
    program = (
        "from numba.core import caching\n"
        "caching.InTreeCacheLocator.from_function = classmethod(lambda *_: None)\n"
        "from hqnn_dsl.backends.native.kernel_cache import kept\n"
        "import hqnn_dsl.backends.native.kernels.tile_queue\n"
        "print(kept(lambda n: n + 1)(1))\n"
    )
    no_folder = tmp_path / "home"
    no_folder.write_bytes(b"")
    places = {"HOME": str(no_folder), "XDG_CACHE_HOME": str(no_folder), "TMPDIR": str(tmp_path)}
    kept = {name: value for name, value in os.environ.items() if name != "NUMBA_CACHE_DIR"}
    script = tmp_path / "program.py"
    script.write_text(program, encoding="utf-8")
    found = subprocess.run([sys.executable, script], env=kept | places, capture_output=True, text=True, check=True)
    assert found.stdout == "2\n"
    assert found.stderr == ""
    assert list(folder_of(tmp_path).rglob("*.nbi"))
