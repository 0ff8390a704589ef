"""Codes over the whole package: each belongs to one class, whatever room it is in, and some test provokes it."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections import defaultdict
from pathlib import Path

import pytest

import hqnn_dsl
from hqnn_dsl.diagnostics.codes import every_code
from hqnn_dsl.diagnostics.diagnostic import Diagnostic

TESTS = Path(__file__).resolve().parents[1]
NEEDS_A_GPU = re.compile(r"hqnn_dsl\.backends\.native\.cuda\.kernels")
"""Modules that are only imported on a machine with CUDA."""


def classes() -> set[type[Diagnostic]]:
    """All classes of diagnostics that are defined anywhere in the package."""
    for module in pkgutil.walk_packages(hqnn_dsl.__path__, "hqnn_dsl."):
        if not NEEDS_A_GPU.match(module.name) and not module.name.endswith("__main__"):
            try:
                importlib.import_module(module.name)
            except ImportError as missing:  # an optional part that is not installed
                if (missing.name or "").startswith("hqnn_dsl"):
                    raise
    found, waiting = set(), [Diagnostic]
    while waiting:
        below = waiting.pop().__subclasses__()
        found.update(below)
        waiting += below
    return {one for one in found if one.__module__.startswith("hqnn_dsl")}


def named_in_tests() -> dict[str, set[str]]:
    """The files of tests by the codes that they name: in their text, in their own name, or by the class.

    The list of codes that no spec provokes names nothing.
    """
    found, by_class = defaultdict(set), {row.__name__: code for code, row in every_code().items()}
    for path in TESTS.rglob("*"):
        if path.suffix in {".py", ".hqnn", ".txt"} and path.is_file():
            text = re.sub(r"(?s)\nNOT_BY_A_SPEC = \{.*?\n\}", "", path.read_text("utf-8"))
            for code in re.findall(r"\b[EW]\d{4}(?!\d)", path.name.replace("_", " ") + text):
                found[code].add(path.name)
            for name in by_class.keys() & set(re.findall(r"\w+", text)):
                found[by_class[name]].add(path.name)
    return found


def test_a_code_is_one_class() -> None:
    by_code = defaultdict(set)
    for one in classes():
        if "code" in vars(one):
            by_code[one.code].add(f"{one.__module__}.{one.__qualname__}")
    assert {code: names for code, names in by_code.items() if len(names) > 1} == {}
    assert set(by_code) == set(every_code())


def test_every_class_with_a_code_is_in_the_folder_of_codes() -> None:
    outside = {one for one in classes() if "code" in vars(one)} - set(every_code().values())
    assert outside == set()


NAMED = named_in_tests()


@pytest.mark.parametrize("code", every_code())
def test_a_code_is_named_by_a_test(code: str) -> None:
    """A code that no test names is provoked by no test, or can be raised by nothing."""
    assert NAMED[code]
