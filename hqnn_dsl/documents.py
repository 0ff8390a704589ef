"""JSON files as models with a version: written through the model that reads them, and refused with the field.

A file without a version is one of version 1; one of a later version is refused with advice. This module loads
pydantic, so only those import it that read or write such files. At the foot of the package: any room may use it.
"""

from __future__ import annotations

import json
import math
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

LARGEST = 2**53
"""The largest count in a file: beyond it not every reader of JSON has all digits."""

SHOWN = 60
"""How many characters of a wrong value are shown."""

Count = Annotated[int, Field(ge=0, le=LARGEST)]
Positive = Annotated[int, Field(ge=1, le=LARGEST)]
Name = Annotated[str, Field(min_length=1)]
NotNegative = Annotated[float, Field(ge=0)]


class Wrong(ValueError):
    """A fault of a file, as the end of a sentence; `hint` is the advice, if it is not the usual one."""

    def __init__(self, reason: str, hint: str = "") -> None:
        super().__init__(reason)
        self.hint = hint


class Record(BaseModel):
    """A part of a document: every field of exactly its type, no other fields, no number that is not finite."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)


class Document(Record):
    """A whole JSON file. A later form raises `version`, which stands first in the file."""

    version: Literal[1] = 1


D = TypeVar("D", bound=Document)
R = TypeVar("R", bound=Record)


def text_of(document: Document, *, indent: int | None = 2) -> str:
    """Returns the text of a document: JSON with a line break at the end, on one line if `indent` is None."""
    return json.dumps(document.model_dump(), indent=indent, ensure_ascii=False, allow_nan=False) + "\n"


def read_document(model: type[D], data: bytes) -> D:
    """Returns the document in the bytes of a file. Raises `Wrong` with the field and its value for anything else."""
    found = _json(data)
    latest = model.model_fields["version"].default
    version = found.get("version") if isinstance(found, dict) else None
    if isinstance(version, int) and not isinstance(version, bool) and version > latest:
        reason = f"`version` is {shown(version)}, and this hqnn reads versions up to {latest}"
        raise Wrong(reason, "it was written by a later hqnn: `pip install --upgrade hqnn-dsl`")
    if isinstance(found, dict) and latest > 1 and (version is None or version == 1):
        reason = f"it is of version 1, and this hqnn reads version {latest}"
        raise Wrong(reason, "it was written by an earlier hqnn: train the run again")
    return validated(model, found)


def validated(model: type[R], data: object) -> R:
    """Returns the record that plain data is. Raises `Wrong` with the first field that cannot be as it is."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
    except (OverflowError, RecursionError) as error:
        raise Wrong(f"a value is out of range ({error})") from None
    loc = [*_without_tags(first["loc"], data), *_tag_of(first)]
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in loc).lstrip(".")
    raise Wrong(f"{f'`{path}`' if path else 'it'} {_sentence(first)}")


def text_in(data: bytes) -> str:
    """Returns the text of a file, with line ends as Python has them. Raises `Wrong` if it is not plain UTF-8."""
    if data.startswith(b"\xef\xbb\xbf"):
        raise Wrong("it begins with a byte order mark")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Wrong(f"it is not UTF-8 (byte {error.start} is 0x{data[error.start]:02x})") from None
    return text.replace("\r\n", "\n")


def is_number(value: object) -> bool:
    """Whether a value is a finite number and no truth value."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def shown(value: object) -> str:
    """Returns a value as JSON has it, shortened, or the name of its type."""
    try:
        text = json.dumps(value)
    except (TypeError, ValueError, RecursionError):
        return f"of type {type(value).__name__}"
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


def _without_tags(loc: tuple[int | str, ...], data: object) -> list[int | str]:
    """Returns the path to a field in plain data; pydantic names in it which one of several records was meant, too."""
    found: list[int | str] = []
    for part in loc:
        is_there = isinstance(data, list) if isinstance(part, int) else isinstance(data, dict) and part in data
        if is_there or part == loc[-1]:
            found.append(part)
            data = data[part] if is_there else None  # type: ignore[index]
    return found


def _tag_of(error: Any) -> list[str]:
    """Returns the field that says which of several records is meant, if that is the wrong one."""
    if error["type"] in {"union_tag_invalid", "union_tag_not_found"}:
        return [str(error["ctx"]["discriminator"]).strip("'")]
    return []


def _sentence(error: Any) -> str:
    match error["type"]:
        case "union_tag_invalid":
            return f"is {shown(error['ctx']['tag'])}, not one of {error['ctx']['expected_tags']}"
        case "missing" | "union_tag_not_found":
            return "is missing"
        case "extra_forbidden":
            return "is no field of it"
        case "model_type" | "dict_type":
            return f"is {shown(error['input'])}, not an object with fields"
        case "value_error":
            return f"is wrong: {error['ctx']['error']}"
        case _:
            text = str(error["msg"])
            return f"is {shown(error['input'])}: {text[:1].lower()}{text[1:]}"


def _json(data: bytes) -> object:
    text = text_in(data)
    if not text.strip():
        raise Wrong("it is empty")
    try:
        return json.loads(text, object_pairs_hook=_once, parse_constant=_no_number)
    except json.JSONDecodeError as error:
        raise Wrong(f"it is no JSON: {error.msg[:1].lower()}{error.msg[1:]}, line {error.lineno}") from None
    except RecursionError:
        raise Wrong("it is no JSON of a run: it is nested too deep") from None
    except Wrong:
        raise
    except ValueError:
        raise Wrong("it has a number with too many digits") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise Wrong(f"`{next(name for name in names if names.count(name) > 1)}` is there twice")
    return found


def _no_number(word: str) -> object:
    raise Wrong(f"it has {word} where a number must be")


__all__ = [
    "LARGEST",
    "SHOWN",
    "Count",
    "Document",
    "JsonValue",
    "Name",
    "NotNegative",
    "Positive",
    "Record",
    "Wrong",
    "is_number",
    "read_document",
    "shown",
    "text_in",
    "text_of",
    "validated",
]
