"""JSON Schema as a layer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import jsonschema_rs

from dataquarantine.errors import InvalidSchema
from dataquarantine.outcomes import ErrorType, Violation
from dataquarantine.validation.violations import Describer


class JsonSchemaLayer:
    """The structure of one schema version. Source: JSON Schema drafts 4 to 2020-12."""

    error_type = ErrorType.SCHEMA_VIOLATION

    def __init__(self, validator: jsonschema_rs.Validator, definition: Any) -> None:
        self._is_valid = validator.is_valid
        self._iter_errors = validator.iter_errors
        self._describe = Describer(definition)

    def passes(self, document: Any, now: datetime) -> bool:
        return self._is_valid(document)

    def violations(self, document: Any, now: datetime) -> list[Violation]:
        return self._describe(self._iter_errors(document))


def compile_json_schema(
    definition: Any, *, where: str = "", resources: Mapping[str, Any] | None = None
) -> JsonSchemaLayer:
    """Compile a JSON Schema of any supported draft.

    Args: where: named in errors. resources: `$id` -> schema that `$ref` may lead to.
    Raises: InvalidSchema; nothing is ever fetched for a `$ref`.
    """
    try:
        registry = jsonschema_rs.Registry(list(resources.items())) if resources else None
        validator = jsonschema_rs.validator_for(
            definition,
            validate_formats=True,
            offline=True,
            registry=registry,
            pattern_options=jsonschema_rs.RegexOptions(),
        )
    except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError) as exc:
        raise InvalidSchema(str(exc).split("\n")[0], where=where, remedy="correct it") from exc
    return JsonSchemaLayer(validator, definition)
