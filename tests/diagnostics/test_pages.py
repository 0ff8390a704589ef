"""The pages of `hqnn explain CODE`: what is wrong, and what is right in its place."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from hqnn_dsl.cli.explain_doctor import page_of
from hqnn_dsl.diagnostics.codes import every_code

if TYPE_CHECKING:
    from hqnn_dsl.diagnostics.diagnostic import Diagnostic

EXAMPLE = re.compile(r"    (?P<kind>wrong|right)   (?P<text>\S.*)")
OLD_FORM = re.compile(r"# (wrong|right)\b|\b(Wrong|Right):")


@pytest.mark.parametrize("row", every_code().values(), ids=every_code())
def test_every_page_shows_wrong_and_right(row: type[Diagnostic]) -> None:
    page = page_of(row)
    shown = {found["kind"] for line in page.splitlines() if (found := EXAMPLE.fullmatch(line))}
    assert shown == {"wrong", "right"}
    assert not OLD_FORM.search(page)


@pytest.mark.parametrize("row", every_code().values(), ids=every_code())
def test_what_is_wrong_is_not_what_is_right(row: type[Diagnostic]) -> None:
    parts = re.split(r"(?m)^    (wrong|right)   ", page_of(row))
    texts = {
        kind: {text.strip() for k, text in zip(parts[1::2], parts[2::2], strict=True) if k == kind}
        for kind in parts[1::2]
    }
    assert texts["wrong"].isdisjoint(texts["right"])


@pytest.mark.parametrize("row", every_code().values(), ids=every_code())
def test_a_page_fits_the_screen(row: type[Diagnostic]) -> None:
    lines = page_of(row).splitlines()
    assert max(map(len, lines)) <= 120
    first = next(at for at, line in enumerate(lines) if EXAMPLE.fullmatch(line))
    assert all(line.startswith("    ") for line in lines[first:])  # the text stands above the examples
