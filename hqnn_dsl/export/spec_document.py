"""The JSON document of a resolved spec: its model, its JSON schema, and the way back to a `Spec`.

`hqnn check SPEC --resolved --format json` prints the document, `hqnn explain spec-schema` its schema. This module is
imported late, because it loads pydantic.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.json_schema import GenerateJsonSchema

from hqnn_dsl.semantics.spec import Spec

if TYPE_CHECKING:
    from collections.abc import Mapping

SCHEMA: Final = "https://github.com/hqnn/hqnn/blob/main/docs/spec.schema.json"
"""The identifier of the schema; the document names it under `$schema`."""


class SpecDocument(BaseModel):
    """A spec that `hqnn check` has accepted, with every setting and default filled in, and its warnings."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, serialize_by_alias=True)

    schema_id: Literal["https://github.com/hqnn/hqnn/blob/main/docs/spec.schema.json"] = Field(alias="$schema")
    version: Literal[1] = Field(
        description="The version of this form: a new one if a field changes its meaning or goes."
    )
    ok: Literal[True] = Field(
        description="No error was found. A refused spec has `false`, and neither spec nor version."
    )
    diagnostics: list[dict[str, Any]] = Field(description="Warnings, with code, place, message and help.")
    not_shown: int = Field(default=0, ge=0, description="The number of warnings left out, if there are very many.")
    spec: Spec = Field(description="The settings of the model and its layers, with all defaults.")
    resolved: str = Field(description="The whole spec as text of the language, with its circuit and its blocks.")


def document_of(spec: Spec, resolved: str, findings: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the document as plain data for JSON.

    `resolved` is the spec as text, `findings` are the fields `diagnostics` and `not_shown`.
    """
    fields = {"$schema": SCHEMA, "version": 1, "ok": True, **findings, "spec": spec, "resolved": resolved}
    found = SpecDocument.model_validate(fields)
    return found.model_dump(mode="json", exclude=set() if found.not_shown else {"not_shown"})


def spec_of(text: str | bytes) -> Spec:
    """Returns the spec of a document, equal to the one that it was made from.

    Raises `pydantic.ValidationError` for a text that is no such document.
    """
    spec = SpecDocument.model_validate_json(text).spec
    return replace(spec, constants={name: _frozen(value) for name, value in spec.constants.items()})


def _frozen(value: Any) -> Any:
    """Returns a constant's value with lists as tuples, which JSON does not tell apart."""
    return tuple(_frozen(item) for item in value) if isinstance(value, (list, tuple)) else value


def json_schema() -> dict[str, Any]:
    """Returns the JSON schema of the document."""
    found = SpecDocument.model_json_schema(mode="serialization")
    return {"$schema": GenerateJsonSchema.schema_dialect, "$id": SCHEMA, **found}
