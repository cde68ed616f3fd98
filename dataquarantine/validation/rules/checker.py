"""Resolve names, fields, functions and types; a checked rule can only fail on its record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from dataquarantine.validation.rules import guards, operators
from dataquarantine.validation.rules.calls import check_call
from dataquarantine.validation.rules.checked import Checked, as_text, coerced, promoted, settled
from dataquarantine.validation.rules.diagnostics import Mistake, did_you_mean
from dataquarantine.validation.rules.overloads import equality, membership, resolve
from dataquarantine.validation.rules.syntax import (
    Call,
    Choice,
    Index,
    ListOf,
    Literal,
    MapOf,
    Name,
    Node,
    Operator,
    Select,
    UInt,
)
from dataquarantine.validation.rules.terms import (
    And,
    Apply,
    Const,
    Document,
    Either,
    Field,
    Local,
    NewList,
    NewMap,
    Now,
    Or,
    Term,
)
from dataquarantine.validation.rules.types import (
    BOOL,
    DOUBLE,
    DYN,
    INT,
    LIST,
    MAP,
    NULL,
    STRING,
    TIMESTAMP,
    UINT,
    Kind,
    Type,
)

_DOCUMENT_NAMES = ("message", "this")
_LITERALS: dict[type, Type] = {
    type(None): NULL,
    bool: BOOL,
    int: INT,
    UInt: UINT,
    float: DOUBLE,
    str: STRING,
}


def check(node: Node, document: Type) -> Checked:
    """Check a whole rule: it must result in bool, or string (a text that says what is wrong).

    Raises: Mistake.
    """
    checker = Checker(document)
    checked = checker.rule(node)
    if checked.kind is Kind.DYN:
        return replace(checked, term=Apply(guards.CHECK_VERDICT, (checked.term,)))
    if checked.kind in (Kind.BOOL, Kind.STRING):
        return coerced(checked, checked.kind)
    raise Mistake(
        f"a rule results in bool or string, this one in {checked.type}",
        node.position,
        "compare the value with something",
    )


def check_value(node: Node, document: Type, variables: Mapping[str, Type]) -> Checked:
    """Check an expression of any type that may also read variables. Raises: Mistake."""
    scope = {name: Checked(Local(name), known, raw=True) for name, known in variables.items()}
    return Checker(document, scope).expression(node)


class Checker:
    """The check of one expression; `calls` and `overloads` do their part with it.

    scope: variables of the loops around what is being checked. loops: how many these are.
    variables: how many variables were named so far.
    """

    def __init__(self, document: Type, scope: Mapping[str, Checked] | None = None) -> None:
        self.document = document
        self.scope = dict(scope or {})
        self.loops = 0
        self.variables = 0

    def rule(self, node: Node) -> Checked:
        """Check the top, where `guard; expression` may stand."""
        if not isinstance(node, Choice) or node.no is not None:
            return self.expression(node)
        guard = self.operand(node.condition, Kind.BOOL, "the guard before ';'")
        body = self.expression(node.yes)
        silent = Const("") if body.kind is Kind.STRING else Const(True)
        return replace(body, term=Either(guard.term, body.term, silent))

    def expression(self, node: Node) -> Checked:
        match node:
            case Literal(value=value):
                return Checked(Const(value), _LITERALS[type(value)])
            case Name():
                return self._name(node)
            case Select():
                return self._select(node)
            case Index():
                return self._index(node)
            case ListOf():
                return self._list(node)
            case MapOf():
                return self._map(node)
            case Operator():
                return self._operator(node)
            case Choice():
                return self._choice(node)
            case Call():
                return check_call(self, node)

    def operand(self, node: Node, kind: Kind, what: str) -> Checked:
        """Check an expression that must be of one kind."""
        value = self.expression(node)
        if value.kind not in (kind, Kind.DYN) and not (
            value.kind is Kind.DATE_TIME and kind in (Kind.STRING, Kind.TIMESTAMP)
        ):
            raise Mistake(f"{what} must be {kind.value}, not {value.type}", node.position)
        return coerced(value, kind)

    def _name(self, node: Name) -> Checked:
        name = node.name
        if name in self.scope:
            return self.scope[name]
        shape = self.document.shape
        declared = shape is not None and name in shape.names()
        if not declared:
            if name in _DOCUMENT_NAMES:
                return Checked(Document(), self.document, raw=True)
            if name == "now":
                return Checked(Now(), TIMESTAMP)
        document = Checked(Document(), self.document, raw=True)
        return self._field(document, name, node.position)

    def _select(self, node: Select) -> Checked:
        return self._field(self.expression(node.operand), node.field, node.position)

    def _field(self, operand: Checked, name: str, position: int) -> Checked:
        found = self.declared(operand, name, position)
        term = Field(operand.term, name)
        return Checked(term, found, raw=True, private=operand.private or found.private)

    def declared(self, operand: Checked, name: str, position: int) -> Type:
        """Return the type of a field; refuse one that can't be there."""
        if operand.kind is Kind.DYN:
            return DYN
        if operand.kind is Kind.LIST:
            raise Mistake(
                f"a list has no field {name!r}",
                position,
                f"name an element ([0].{name}) or ask all of them: .all(i, i.{name} ...)",
            )
        if operand.kind is not Kind.MAP:
            raise Mistake(f"type {operand.type} has no field {name!r}", position)
        shape = operand.type.shape
        if shape is None:
            return operand.type.item
        found = shape.field(name)
        if found is None:
            words = {*shape.names(), *self.scope}
            raise Mistake(
                f"no field {name!r} in the schema",
                position,
                did_you_mean(name, words)
                or "declare it, or set additionalProperties: true in the schema",
            )
        return found

    def _index(self, node: Index) -> Checked:
        operand, key = self.expression(node.operand), self.expression(node.key)
        literal = isinstance(node.key, Literal) and isinstance(node.key.value, str)
        if literal and operand.kind is Kind.MAP:
            return self._field(operand, node.key.value, node.key.position)  # type: ignore[union-attr, arg-type]  # narrowed by `literal`
        private = operand.private or key.private
        if operand.kind is Kind.MAP and key.kind in (Kind.STRING, Kind.DATE_TIME):
            term: Term = Apply(operators.KEY, (operand.term, coerced(key, Kind.STRING).term))
        elif operand.kind in (Kind.LIST, Kind.MAP, Kind.DYN):
            self._refuse_key(operand, key, node.key.position)
            term = Apply(operators.INDEX, (operand.term, as_text(key).term))
        else:
            raise Mistake(f"type {operand.type} can't be indexed", node.position)
        shape = operand.type.shape
        found = operand.type.item if shape is None else replace(DYN, private=shape.holds_private())
        return Checked(term, found, raw=True, private=private or found.private)

    def _refuse_key(self, operand: Checked, key: Checked, position: int) -> None:
        allowed = {
            Kind.LIST: {Kind.DYN, Kind.INT, Kind.UINT, Kind.DOUBLE},
            Kind.MAP: {Kind.DYN},
        }.get(operand.kind)
        if allowed is not None and key.kind not in allowed:
            raise Mistake(f"type {operand.type} is not indexed by {key.type}", position)

    def _list(self, node: ListOf) -> Checked:
        items = [self.expression(item) for item in node.items]
        kinds = {item.kind for item in items}
        element = Type(items[0].kind) if len(kinds) == 1 else DYN
        private = any(item.private for item in items)
        made = replace(LIST, element=element)
        if all(isinstance(item.term, Const) for item in items):
            return Checked(Const([item.term.value for item in items]), made)  # type: ignore[union-attr]  # all are Const
        return Checked(NewList(tuple(item.term for item in items)), made, private=private)

    def _map(self, node: MapOf) -> Checked:
        keys: list[str] = []
        for key in node.keys:
            if not isinstance(key, Literal) or not isinstance(key.value, str):
                raise Mistake("a key of a map must be a text", key.position)
            if key.value in keys:
                raise Mistake(f"key {key.value!r} is given twice", key.position)
            keys.append(key.value)
        values = [self.expression(value) for value in node.values]
        term = NewMap(tuple(keys), tuple(value.term for value in values))
        return Checked(term, MAP, private=any(value.private for value in values))

    def _operator(self, node: Operator) -> Checked:
        if node.symbol in ("&&", "||"):
            what = f"an operand of {node.symbol}"
            terms = tuple(self.operand(each, Kind.BOOL, what).term for each in node.operands)
            return Checked(And(terms) if node.symbol == "&&" else Or(terms), BOOL)
        operands = [self.expression(each) for each in node.operands]
        if node.symbol == "!":
            return resolve(operators.NOT, operands, node)
        if len(operands) == 1:
            return resolve(operators.NEGATE, operands, node)
        left, right = operands
        if node.symbol == "in":
            return membership(left, right, node)
        if node.symbol in ("==", "!="):
            result = equality(left, right, node)
            if node.symbol == "!=":
                result = Checked(Apply(operators.NOT.signatures[0].operation, (result.term,)), BOOL)
            return result
        return resolve(operators.OPERATORS[node.symbol], promoted(left, right), node)

    def _choice(self, node: Choice) -> Checked:
        if node.no is None:
            raise Mistake("'guard; expression' stands only at the top", node.position)
        condition = self.operand(node.condition, Kind.BOOL, "the condition before '?'")
        yes, no = promoted(self.expression(node.yes), self.expression(node.no))
        same = yes.kind is no.kind
        made = yes.type if yes.type == no.type else (Type(yes.kind) if same else DYN)
        if not same:
            yes, no = settled(yes), settled(no)
        return Checked(
            Either(condition.term, yes.term, no.term),
            replace(made, nullable=yes.type.nullable or no.type.nullable),
            raw=same and (yes.raw or no.raw),
            private=yes.private or no.private,
        )
