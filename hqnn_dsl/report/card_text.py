"""Markdown and YAML of a model card: names from a table are text wherever they stand."""

from __future__ import annotations

import json
import math
import re
from typing import TYPE_CHECKING, Any

from hqnn_dsl.diagnostics.terminal import printable, printable_lines

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from hqnn_dsl.report.parts import Table

_MEANS_SOMETHING = re.compile(r"([\\`*_{}\[\]<>|~$#&!])")


def plain(text: str) -> str:
    """Returns a text that Markdown shows as it is, on one line: every sign that could mean something is escaped."""
    return _MEANS_SOMETHING.sub(r"\\\1", printable(text))


def sentence(text: str) -> str:
    """Returns a sentence of ours whose parts between backticks are names, which are shown as text."""
    return plain(text.replace("`", ""))


def table_of(table: Table) -> list[str]:
    """Returns the lines of a table; its columns of numbers stand to the right."""
    rule = ["---:" if place in table.numeric else "---" for place in range(len(table.header))]
    lines = [_row(map(plain, table.header)), _row(rule), *(_row(map(plain, row)) for row in table.rows)]
    return [*lines, "", *([sentence(table.note), ""] if table.note else [])]


def _row(cells: Iterator[str] | Sequence[str] | map[str]) -> str:
    return f"| {' | '.join(cells)} |"


def fenced(text: str, language: str = "") -> list[str]:
    """Returns the lines of a block of code, between fences that are longer than any in the text."""
    shown = printable_lines(text.rstrip("\n"))
    longest = max((len(found) for found in re.findall("`+", shown)), default=0)
    fence = "`" * max(3, longest + 1)
    return [f"{fence}{language}", shown, fence, ""]


def yaml_of(data: Mapping[str, Any]) -> str:
    """Returns plain data as YAML: mappings and lists in blocks, texts in quotes, numbers with all their digits."""
    return "\n".join(_mapping(data, "")) + "\n"


def _mapping(data: Mapping[str, Any], indent: str) -> Iterator[str]:
    for key, value in data.items():
        if isinstance(value, dict):
            yield f"{indent}{key}:"
            yield from _mapping(value, f"{indent}  ")
        elif isinstance(value, list):
            yield f"{indent}{key}:"
            for item in value:
                yield from _item(item, indent)
        else:
            yield f"{indent}{key}: {_scalar(value)}"


def _item(item: Any, indent: str) -> Iterator[str]:
    if not isinstance(item, dict):
        yield f"{indent}- {_scalar(item)}"
        return
    first, *others = _mapping(item, f"{indent}  ")
    yield f"{indent}- {first.strip()}"
    yield from others


def _scalar(value: object) -> str:
    if isinstance(value, bool) or value is None:
        return json.dumps(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError("a card has finite numbers only")
        mantissa, sign, exponent = repr(value).partition("e")
        return (
            f"{mantissa if '.' in mantissa else f'{mantissa}.0'}{sign}{exponent}"  # 1e-05 would be a text in YAML 1.1
        )
    if isinstance(value, int):
        return str(value)
    text = printable(str(value))
    is_word = re.fullmatch(r"[a-z][a-z0-9_-]*", text) and text not in {
        "null",
        "true",
        "false",
        "yes",
        "no",
        "on",
        "off",
        "y",
        "n",
    }
    return text if is_word else json.dumps(text, ensure_ascii=False)
