"""What stands beside the schema in a document and can refuse a record too."""

from __future__ import annotations

from collections.abc import Iterator

from dataquarantine.schemas.compatibility.report import Difference
from dataquarantine.schemas.documents import RuleDocument, SchemaDocument


def compare_layers(reader: SchemaDocument, writer: SchemaDocument) -> list[Difference]:
    """Compare the models and the rules of two versions."""
    return [*_compare_model(reader, writer), *_compare_rules(reader, writer)]


def _compare_model(reader: SchemaDocument, writer: SchemaDocument) -> Iterator[Difference]:
    if reader.model != writer.model and reader.model is not None:
        text = f"what the class {reader.model} accepts can't be compared with {writer.model}"
        yield Difference("MODEL_CHANGED", "/model", text, breaks=True, undecided=True)
    if reader.strict and not writer.strict:
        text = "types are strict now: what was converted is refused"
        yield Difference("STRICT_ADDED", "/strict", text, breaks=True)
    if writer.strict and not reader.strict:
        yield Difference("STRICT_REMOVED", "/strict", "values may be converted now")


def _compare_rules(reader: SchemaDocument, writer: SchemaDocument) -> Iterator[Difference]:
    old, new = _refusing(writer), _refusing(reader)
    texts = {rule.text for rule in old.values()}
    for name, rule in new.items():
        if rule.text in texts:
            continue
        if name in old:
            text = f"the rule {name!r} says something else now"
            yield Difference("RULE_CHANGED", "/rules", text, breaks=True, undecided=True)
        else:
            text = f"the rule {name!r} may refuse what passed before"
            yield Difference("RULE_ADDED", "/rules", text, breaks=True, undecided=True)
    for name in old:
        if name not in new:
            yield Difference("RULE_REMOVED", "/rules", f"the rule {name!r} is gone")


def _refusing(document: SchemaDocument) -> dict[str, RuleDocument]:
    """Return the rules that can refuse a record: not disabled, not only a warning."""
    return {
        rule.name: rule
        for rule in document.rules
        if not rule.disabled and rule.severity == "error" and rule.kind == "CONDITION"
    }
