"""One schema version's model, ready to judge."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from pydantic import BaseModel, ValidationError

from dataquarantine.errors import InvalidSchema
from dataquarantine.outcomes import MAX_VIOLATIONS, ErrorType, Violation
from dataquarantine.schemas.documents import SchemaDocument
from dataquarantine.validation.pydantic_model.description import Describer
from dataquarantine.validation.pydantic_model.generation import generate_model
from dataquarantine.validation.pydantic_model.loading import load_model

_encode = msgspec.json.Encoder(decimal_format="number").encode


class PydanticLayer:
    """Types as a model has them; lax takes `"5"` for a number, strict does not.

    A validator of the model that raises anything but ValueError or AssertionError is broken
    machinery: what it raises is passed on.
    Cost: lax 1 to 5 us a document, strict about 1.5 us more, because the document is written as
    JSON again: only there does strict mode take a text for a date.
    """

    error_type = ErrorType.TYPE_VIOLATION

    def __init__(self, model: type[BaseModel], *, strict: bool = False) -> None:
        self._validator = model.__pydantic_validator__
        self._strict = strict
        self._describe = Describer(model)
        self.definition = self._describe.definition

    def passes(self, document: Any, now: datetime) -> bool:
        if not self._strict:
            return self._validator.isinstance_python(document)
        try:
            self._validator.validate_json(_encode(document), strict=True)
        except ValidationError:
            return False
        return True

    def violations(self, document: Any, now: datetime) -> list[Violation]:
        try:
            if self._strict:
                self._validator.validate_json(_encode(document), strict=True)
            else:
                self._validator.validate_python(document)
        except ValidationError as exc:
            errors = exc.errors(include_url=False)[: MAX_VIOLATIONS + 1]
            return [self._describe(error, document) for error in errors]
        return []


def compile_pydantic(document: SchemaDocument, model_packages: Sequence[str] = ()) -> PydanticLayer:
    """Compile the layer of a version: its `model`, else one generated from its JSON Schema.

    Args: model_packages: where models may be imported from; nothing else is imported.
    Raises: InvalidSchema.
    """
    where = document.reference
    if document.model is not None:
        model = load_model(document.model, model_packages, where=where)
    elif document.definition is not None:
        model = generate_model(document.definition, name=document.name, where=where)
    else:
        raise InvalidSchema(
            "neither model nor schema is given",
            where=where,
            remedy="name a class by `model: package.module:Class` or write a JSON Schema",
        )
    return PydanticLayer(model, strict=document.strict)
