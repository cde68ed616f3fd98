"""JSON Schema as a layer: jsonschema-rs judges, fastjsonschema is asked for a second opinion."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

import jsonschema_rs

from dataquarantine.errors import InvalidSchema
from dataquarantine.outcomes import Code, ErrorType, Violation
from dataquarantine.schemas.compatibility.references import in_one_document
from dataquarantine.validation.preparation import (
    Preparation,
    check_patterns,
    check_size,
    explain,
    validator_class,
)
from dataquarantine.validation.sampling import UNSOUND, Sample, is_large
from dataquarantine.validation.second_opinion import SecondOpinion, compile_second_opinion
from dataquarantine.validation.subschemas import named_properties
from dataquarantine.validation.violations import Describer, PartOfViolations

logger = logging.getLogger(__name__)

#: The linear engine; patterns that it can't run are refused when the schema is compiled.
_PATTERNS: Final = jsonschema_rs.RegexOptions()


class JsonSchemaLayer:
    """The structure of one schema version. Source: JSON Schema drafts 4 to 2020-12.

    jsonschema-rs runs the whole official suite right and is 4 to 10 times as fast as fastjsonschema
    (0.3 us against 1.3 us for an event of three fields), so it judges alone. `second_opinion` is
    None for schemas with keywords that fastjsonschema judges differently from the suite.
    """

    error_type = ErrorType.SCHEMA_VIOLATION

    def __init__(
        self,
        validator: jsonschema_rs.Validator,
        describe: Describer,
        names: frozenset[str],
        second_opinion: SecondOpinion | None,
    ) -> None:
        self.is_valid = validator.is_valid
        self._iter_errors = validator.iter_errors
        self._validate = validator.validate
        self._names = names
        self._describe = describe
        self.second_opinion = second_opinion

    def passes(self, document: Any, now: datetime) -> bool:
        return self.is_valid(document)

    def violations(self, document: Any, now: datetime) -> list[Violation]:
        try:
            if is_large(document):
                return self._violations_of_part(document)
            return self._describe(self._iter_errors(document))
        except ValueError as exc:
            if "Recursion limit" not in str(exc):
                raise
            return [
                Violation(
                    Code.NESTED_TOO_DEEP,
                    "depth",
                    "the document breaks the schema and is nested deeper than 255 levels, "
                    "so the violations can't be named",
                )
            ]

    def _violations_of_part(self, document: Any) -> list[Violation]:
        """Name the violations of a sample, for want of any the first of the whole document."""
        sample = Sample(document, self._names)
        if sample.is_whole:
            return self._describe(self._iter_errors(document))
        found = self._describe(
            (
                error
                for error in self._iter_errors(sample.document)
                if error.kind.name not in UNSOUND or not sample.is_cut(error.instance_path)
            ),
            sample,
        )
        if not found:
            try:
                self._validate(document)
            except jsonschema_rs.ValidationError as exc:
                found = self._describe([exc])
        return PartOfViolations(found)


def compile_json_schema(
    definition: Any, *, where: str = "", resources: Mapping[str, Any] | None = None
) -> JsonSchemaLayer:
    """Compile a JSON Schema of any supported draft.

    Args: where: named in errors. resources: `$id` -> schema that `$ref` may lead to.
    Raises: InvalidSchema; nothing is ever fetched for a `$ref`.
    Cost: 0.2 ms for an event schema, 0.1 s for 10,000 properties.
    """
    if not isinstance(definition, (dict, bool)):
        raise InvalidSchema(
            "a JSON Schema is an object or a boolean", where=where, remedy="write it as a mapping"
        )
    check_size(definition, where)
    check_patterns(definition, where)
    resources = resources or {}
    make = validator_class(definition, where, resources)
    preparation = Preparation(definition)
    try:
        validator = make(
            preparation.definition,
            validate_formats=True,
            retriever=_retriever(resources),
            pattern_options=_PATTERNS,
        )
    except jsonschema_rs.ValidationError as exc:
        raise explain(exc, preparation, where) from None
    except (jsonschema_rs.ReferencingError, ValueError) as exc:
        problem = str(exc).split("\n")[0]
        raise InvalidSchema(problem, where=where, remedy="simplify the schema") from exc
    whole = in_one_document(definition, resources)
    return JsonSchemaLayer(
        validator,
        Describer(whole, preparation.original),
        named_properties(whole),
        compile_second_opinion(definition, make),
    )


def _retriever(resources: Mapping[str, Any]) -> Callable[[str], Any]:
    def retrieve(uri: str) -> Any:
        return Preparation(resources[uri]).definition

    return retrieve
