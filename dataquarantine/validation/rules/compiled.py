"""The rules of a schema version as a layer of judgement."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dataquarantine.errors import InvalidSchema
from dataquarantine.outcomes import Code, ErrorType, Severity, Violation
from dataquarantine.schemas.documents import RuleDocument
from dataquarantine.validation.rules.checked import Checked
from dataquarantine.validation.rules.checker import check
from dataquarantine.validation.rules.declarations import document_type
from dataquarantine.validation.rules.diagnostics import (
    BudgetExceeded,
    EvaluationError,
    InvalidRule,
    Mistake,
)
from dataquarantine.validation.rules.generator import generate
from dataquarantine.validation.rules.interpreter import evaluate
from dataquarantine.validation.rules.limits import MAX_RULES
from dataquarantine.validation.rules.parser import parse
from dataquarantine.validation.rules.terms import Term, paths_read
from dataquarantine.validation.rules.types import Type

_MAX_SHOWN = 200
_MIGRATIONS = frozenset({"UPGRADE", "DOWNGRADE", "UPDOWN"})


@dataclass(frozen=True, slots=True)
class Rule:
    """A compiled rule and how its failure is told."""

    name: str
    text: str
    term: Term
    error: str | None
    severity: Severity
    position: int
    tells_text: bool  # a text that the rule results in may be shown
    path: tuple[str, ...] | None

    def violation(self, result: Any) -> Violation:
        """Tell a failure: false, a text, or the error that left the rule without a value."""
        code = Code.RULE_FAILED
        if isinstance(result, EvaluationError | BudgetExceeded):
            code = Code.RULE_ERROR
            message = f"rule {self.name!r} could not be evaluated: {result}"
        elif isinstance(result, str) and self.tells_text:
            message = result[:_MAX_SHOWN]
        else:
            message = self.error or f"rule {self.name!r} failed: {self.text[:_MAX_SHOWN]}"
        return Violation(
            code,
            "rule",
            message,
            field_path=".".join(self.path) if self.path else None,
            instance_location="".join(f"/{_escaped(name)}" for name in self.path or ()),
            keyword_location=f"/rules/{self.position}",
            rule=self.name,
            severity=self.severity,
        )


class CompiledRules:
    """All rules of a schema version, fused into one function.

    `passes` costs about 0.5 us a rule; a record on which the generated code raises is judged by
    the exact interpreter, about 0.5 us an operation.
    """

    error_type = ErrorType.RULE_VIOLATION

    def __init__(self, rules: Sequence[Rule]) -> None:
        self.rules = tuple(rules)
        self.passes: Callable[[Any, datetime], bool]
        terms = [rule.term for rule in rules]
        self.passes, self._results, self.source = generate(terms, self._exact)

    def violations(self, document: Any, now: datetime) -> list[Violation]:
        """Name every rule that failed or could not be evaluated, warnings included."""
        results = self._results(document, now)
        return [
            rule.violation(result)
            for rule, result in zip(self.rules, results, strict=True)
            if result is not True and result != ""
        ]

    def _exact(self, number: int, document: Any, now: datetime) -> Any:
        try:
            return evaluate(self.rules[number].term, document, now)
        except (EvaluationError, BudgetExceeded) as exc:
            return exc
        except RecursionError:
            return EvaluationError("the record is nested too deeply")


def compile_rules(
    rules: Sequence[RuleDocument], definition: Mapping[str, Any] | None
) -> CompiledRules:
    """Compile the rules of a schema version.

    Args: definition: its JSON Schema, which gives the fields their types; None leaves them open.
    Raises: InvalidSchema (for the expression itself InvalidRule with line, column and caret).
    """
    if len(rules) > MAX_RULES:
        raise InvalidSchema(f"{len(rules)} rules", remedy=f"a schema may have {MAX_RULES}")
    names = [rule.name for rule in rules]
    for position, name in enumerate(names):
        if name in names[:position]:
            raise InvalidSchema(
                f"two rules are called {name!r}", where=f"rules[{position}]", remedy="rename one"
            )
    document = document_type(definition)
    return CompiledRules(
        [
            _compile(rule, position, document)
            for position, rule in enumerate(rules)
            if not rule.disabled
        ]
    )


def _compile(rule: RuleDocument, position: int, document: Type) -> Rule:
    where = f"rules[{position}] {rule.name!r}"
    _refuse_foreign(rule, where)
    checked = check_text(rule.text, document, where)
    paths = paths_read(checked.term)
    return Rule(
        rule.name,
        rule.text,
        checked.term,
        rule.error or rule.doc,
        _severity(rule),
        position,
        tells_text=not checked.private,
        path=next(iter(paths)) if len(paths) == 1 else None,
    )


def check_text(text: str, document: Type, where: str) -> Checked:
    """Parse and check the text of a rule. Raises: InvalidRule."""
    try:
        return check(parse(text), document)
    except Mistake as mistake:
        raise InvalidRule(mistake, text, where) from mistake


def _refuse_foreign(rule: RuleDocument, where: str) -> None:
    """Refuse what Confluent's rule object can say and a gateway can't do."""
    if rule.kind == "TRANSFORM":
        raise InvalidSchema(
            "kind TRANSFORM changes records, rules only judge them",
            where=where,
            remedy="write it as a remediation step",
        )
    if rule.type.upper() != "CEL":
        raise InvalidSchema(f"type {rule.type} is not known", where=where, remedy="use type CEL")
    if rule.mode and rule.mode.upper() in _MIGRATIONS:
        raise InvalidSchema(
            f"mode {rule.mode} migrates between versions",
            where=where,
            remedy="leave the mode out, or use WRITE, READ or WRITEREAD",
        )


def _severity(rule: RuleDocument) -> Severity:
    """The gateway judges what was written: of `onFailure: "NONE,ERROR"` the first part counts."""
    if rule.on_failure is not None and rule.on_failure.split(",")[0].strip().upper() == "NONE":
        return Severity.WARN
    return Severity(rule.severity)


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")
