"""Resolve names, fields, functions and types; a checked rule can only fail on its record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from dataquarantine.validation.rules import operations as ops
from dataquarantine.validation.rules.diagnostics import EvaluationError, Mistake, did_you_mean
from dataquarantine.validation.rules.limits import MAX_LOOP_NESTING
from dataquarantine.validation.rules.regex import compile_search
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
    Loop,
    Macro,
    NewList,
    NewMap,
    Now,
    Operation,
    Or,
    Present,
    Term,
    weigh,
)
from dataquarantine.validation.rules.types import (
    BOOL,
    DOUBLE,
    DYN,
    INT,
    LIST,
    MAP,
    NULL,
    NUMBERS,
    STRING,
    TIMESTAMP,
    UINT,
    Kind,
    Type,
    may_equal,
)
from dataquarantine.validation.rules.values import Budget, charge

_DOCUMENT_NAMES = ("message", "this")
_MACROS = {macro.value: macro for macro in Macro}
_LITERALS: dict[type, Type] = {
    type(None): NULL,
    bool: BOOL,
    int: INT,
    UInt: UINT,
    float: DOUBLE,
    str: STRING,
}
_ALWAYS_KNOWN = ("has", "now", "matches", "min", "max")


@dataclass(frozen=True, slots=True)
class Checked:
    """A term with its type.

    raw: the value comes from the record, so its declared type is yet to be made sure of.
    private: a part of the value may come from a field marked `x-pii`.
    """

    term: Term
    type: Type
    raw: bool = False
    private: bool = False

    @property
    def kind(self) -> Kind:
        return self.type.kind


def check(node: Node, document: Type) -> Checked:
    """Check a whole rule: it must result in bool, or string (a text that says what is wrong).

    Raises: Mistake.
    """
    checker = _Checker(document)
    checked = checker.rule(node)
    if checked.kind is Kind.DYN:
        return replace(checked, term=Apply(ops.CHECK_VERDICT, (checked.term,)))
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
    return _Checker(document, scope).expression(node)


def coerced(value: Checked, kind: Kind) -> Checked:
    """Make sure that a value is of a kind, when it is judged if it can't be known before."""
    if value.kind is Kind.DATE_TIME:
        operation = ops.READ_TEXT if kind is Kind.STRING else ops.READS[Kind.TIMESTAMP]
    elif kind is Kind.NUMBER and value.kind is not Kind.DYN:
        return coerced(value, value.kind)
    elif value.kind is Kind.DYN:
        operation = ops.CHECKS[kind]
    elif value.raw:
        operation = ops.READS[kind]
    else:
        return value
    made = Type(kind, value.type.element, value.type.shape)
    return Checked(Apply(operation, (value.term,)), made, private=value.private)


class _Checker:
    def __init__(self, document: Type, scope: Mapping[str, Checked] | None = None) -> None:
        self._document = document
        self._scope = dict(scope or {})
        self._loops = 0
        self._variables = 0

    def rule(self, node: Node) -> Checked:
        """Check the top, where `guard; expression` may stand."""
        if not isinstance(node, Choice) or node.no is not None:
            return self.expression(node)
        guard = self._operand(node.condition, Kind.BOOL, "the guard before ';'")
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
                return self._call(node)

    def _operand(self, node: Node, kind: Kind, what: str) -> Checked:
        """Check an expression that must be of one kind."""
        value = self.expression(node)
        if value.kind not in (kind, Kind.DYN) and not (
            value.kind is Kind.DATE_TIME and kind in (Kind.STRING, Kind.TIMESTAMP)
        ):
            raise Mistake(f"{what} must be {kind.value}, not {value.type}", node.position)
        return coerced(value, kind)

    def _name(self, node: Name) -> Checked:
        name = node.name
        if name in self._scope:
            return self._scope[name]
        shape = self._document.shape
        declared = shape is not None and name in shape.names()
        if not declared:
            if name in _DOCUMENT_NAMES:
                return Checked(Document(), self._document, raw=True)
            if name == "now":
                return Checked(Now(), TIMESTAMP)
        document = Checked(Document(), self._document, raw=True)
        return self._field(document, name, node.position)

    def _select(self, node: Select) -> Checked:
        return self._field(self.expression(node.operand), node.field, node.position)

    def _field(self, operand: Checked, name: str, position: int) -> Checked:
        found = self._declared(operand, name, position)
        term = Field(_map_term(operand), name)
        return Checked(term, found, raw=True, private=operand.private or found.private)

    def _declared(self, operand: Checked, name: str, position: int) -> Type:
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
            words = {*shape.names(), *self._scope}
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
            term: Term = Apply(ops.KEY, (_map_term(operand), coerced(key, Kind.STRING).term))
        elif operand.kind in (Kind.LIST, Kind.MAP, Kind.DYN):
            self._refuse_key(operand, key, node.key.position)
            term = Apply(ops.INDEX, (operand.term, _as_text(key).term))
        else:
            raise Mistake(f"type {operand.type} can't be indexed", node.position)
        found = DYN if operand.type.shape is not None else operand.type.item
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
            terms = tuple(self._operand(each, Kind.BOOL, what).term for each in node.operands)
            return Checked(And(terms) if node.symbol == "&&" else Or(terms), BOOL)
        operands = [self.expression(each) for each in node.operands]
        if node.symbol == "!":
            return self._resolve(ops.NOT, operands, node)
        if len(operands) == 1:
            return self._resolve(ops.NEGATE, operands, node)
        left, right = operands
        if node.symbol == "in":
            return self._contained(left, right, node)
        if node.symbol in ("==", "!="):
            result = self._equal(left, right, node)
            if node.symbol == "!=":
                result = Checked(Apply(ops.NOT.signatures[0].operation, (result.term,)), BOOL)
            return result
        return self._resolve(ops.OPERATORS[node.symbol], _promoted(left, right), node)

    def _resolve(
        self, function: ops.Function, args: Sequence[Checked], node: Operator | Call
    ) -> Checked:
        """Choose the form of a function that takes these arguments."""
        fitting = [
            form
            for form in function.signatures
            if len(form.params) == len(args)
            and all(_takes(param, arg.kind) for param, arg in zip(form.params, args, strict=True))
        ]
        if not fitting:
            raise _no_form(function, args, node)
        private = any(arg.private for arg in args)
        dyn = any(arg.kind is Kind.DYN for arg in args)
        if len(fitting) > 1 and dyn:
            results = {form.result for form in fitting}
            result = fitting[0].result if len(results) == 1 else DYN
            terms = tuple(
                (arg if arg.kind is Kind.DYN else coerced(arg, _as_itself(arg.kind))).term
                for arg in args
            )
            return Checked(Apply(function.anything, terms), result, private=private)
        form = fitting[0]
        pairs = [coerced(arg, kind) for arg, kind in zip(args, form.params, strict=True)]
        result = form.result
        if result.kind is Kind.LIST:
            result = pairs[0].type if pairs[0].type == pairs[1].type else LIST
        return Checked(
            Apply(form.operation, tuple(arg.term for arg in pairs)), result, private=private
        )

    def _equal(self, left: Checked, right: Checked, node: Operator) -> Checked:
        if not may_equal(left.kind, right.kind):
            remedy = (
                "write timestamp(...) around the text"
                if TIMESTAMP in (left.type, right.type)
                else ""
            )
            raise Mistake(f"{left.type} and {right.type} are never equal", node.position, remedy)
        if isinstance(left.term, Const) and not isinstance(right.term, Const):
            left, right = right, left
        if isinstance(right.term, Const) and right.term.value is None:
            return Checked(Apply(ops.IS_NULL, (left.term,)), BOOL)
        kinds = {left.kind, right.kind}
        if kinds <= {Kind.DATE_TIME, Kind.TIMESTAMP}:
            terms = tuple(
                Apply(ops.TIMESTAMP_IF_TEXT, (each.term,))
                if each.kind is Kind.DATE_TIME
                else each.term
                for each in (left, right)
            )
            return Checked(Apply(ops.EQUAL, terms), BOOL)
        if Kind.DATE_TIME in kinds:
            left, right = _as_text(left), _as_text(right)
        return Checked(Apply(_equality(left, right), (left.term, right.term)), BOOL)

    def _contained(self, item: Checked, container: Checked, node: Operator) -> Checked:
        if container.kind not in (Kind.LIST, Kind.MAP, Kind.DYN):
            raise Mistake(f"'in' looks into a list or a map, not {container.type}", node.position)
        element = STRING if container.kind is Kind.MAP else container.type.item
        if not may_equal(item.kind, element.kind):
            raise Mistake(f"{item.type} is never in a {container.type} of {element}", node.position)
        if item.kind is Kind.DATE_TIME and element.kind is Kind.TIMESTAMP:
            item = Checked(Apply(ops.TIMESTAMP_IF_TEXT, (item.term,)), TIMESTAMP)
        item = _as_text(item)
        operation = ops.CONTAINED
        if isinstance(container.term, Const):
            operation = ops.among(container.term.value)
        elif container.kind is Kind.MAP and item.kind is Kind.STRING:
            item, container = coerced(item, Kind.STRING), coerced(container, Kind.MAP)
            operation = ops.HAS_KEY
        return Checked(Apply(operation, (item.term, container.term)), BOOL)

    def _choice(self, node: Choice) -> Checked:
        if node.no is None:
            raise Mistake("'guard; expression' stands only at the top", node.position)
        condition = self._operand(node.condition, Kind.BOOL, "the condition before '?'")
        yes, no = _promoted(self.expression(node.yes), self.expression(node.no))
        same = yes.kind is no.kind
        made = yes.type if yes.type == no.type else (Type(yes.kind) if same else DYN)
        if not same:
            yes, no = _settled(yes), _settled(no)
        return Checked(
            Either(condition.term, yes.term, no.term),
            replace(made, nullable=yes.type.nullable or no.type.nullable),
            raw=same and (yes.raw or no.raw),
            private=yes.private or no.private,
        )

    def _call(self, node: Call) -> Checked:
        if node.function == "has" and node.target is None:
            return self._has(node)
        if node.function in _MACROS and node.target is not None:
            return self._loop(node, node.target)
        if node.function == "now" and node.target is None and not node.args:
            return Checked(Now(), TIMESTAMP)
        if node.function == "matches":
            return self._matches(node)
        if node.function in ops.EXTREMES and node.target is None:
            return self._extreme(node)
        function = ops.FUNCTIONS.get(node.function)
        if function is None:
            raise _unknown_function(node)
        if node.target is not None and not function.as_method:
            raise Mistake(
                f"{function.name}() is no method", node.position, f"write {function.name}(x)"
            )
        if node.target is None and not function.as_function:
            raise Mistake(
                f"{function.name}() is a method", node.position, f"write x.{function.name}(...)"
            )
        nodes = node.args if node.target is None else (node.target, *node.args)
        args = [self.expression(each) for each in nodes]
        return self._folded(self._resolve(function, args, node), node)

    def _folded(self, call: Checked, node: Call) -> Checked:
        """Evaluate a conversion of a constant now, so that duration("1x") fails at registration."""
        term = call.term
        if not isinstance(term, Apply) or term.operation.budgeted:
            return call
        if not all(isinstance(arg, Const) for arg in term.args):
            return call
        try:
            value = term.operation.run(*(arg.value for arg in term.args if isinstance(arg, Const)))
        except EvaluationError as exc:
            raise Mistake(f"{node.function}(): {exc}", node.position) from exc
        return replace(call, term=Const(value))

    def _has(self, node: Call) -> Checked:
        (subject,) = node.args if len(node.args) == 1 else (None,)
        match subject:
            case Name(name=name) if name not in self._scope:
                operand = Checked(Document(), self._document, raw=True)
            case Select(operand=below, field=name):
                operand = self.expression(below)
            case Index(operand=below, key=Literal(value=str(name))):
                operand = self.expression(below)
            case _:
                raise Mistake("has() takes one field, such as has(order.total)", node.position)
        self._declared(operand, name, subject.position)
        return Checked(Present(_map_term(operand), name), BOOL)

    def _loop(self, node: Call, target: Node) -> Checked:
        macro = _MACROS[node.function]
        bodies = (2, 3) if macro is Macro.MAP else (2,)
        if len(node.args) not in bodies or not isinstance(node.args[0], Name):
            raise Mistake(
                f"{node.function}() takes a variable and an expression",
                node.position,
                f"write x.{node.function}(i, ...)",
            )
        if self._loops >= MAX_LOOP_NESTING:
            raise Mistake(f"loops are nested more than {MAX_LOOP_NESTING} deep", node.position)
        over = self.expression(target)
        if over.kind not in (Kind.LIST, Kind.MAP, Kind.DYN):
            raise Mistake(
                f"{node.function}() runs over a list or a map, not {over.type}", node.position
            )
        element = STRING if over.kind is Kind.MAP else over.type.item
        self._variables += 1
        variable = Local(f"v{self._variables}")
        private = over.private or element.private
        condition, result = self._bodies(
            node, macro, Checked(variable, element, raw=True, private=private)
        )
        term = Loop(
            macro,
            Apply(ops.CHECK_RANGE, (over.term,)),
            variable,
            condition.term if condition else None,
            result.term if result else None,
            1 + sum(weigh(each.term) for each in (condition, result) if each),
        )
        if macro is Macro.FILTER:
            made = replace(LIST, element=element)
        elif result is not None:
            made = replace(LIST, element=_certain(result.type))
            private = private or result.private
        else:
            return Checked(term, BOOL)
        return Checked(term, made, private=private)

    def _bodies(
        self, node: Call, macro: Macro, variable: Checked
    ) -> tuple[Checked | None, Checked | None]:
        """Check what a loop evaluates for each element: its condition and its result."""
        name = node.args[0].name  # type: ignore[union-attr]  # the caller made sure of a Name
        hidden = self._scope.get(name)
        self._scope[name] = variable
        self._loops += 1
        what = f"the condition of {node.function}()"
        condition: Checked | None = None
        result: Checked | None = None
        if macro is not Macro.MAP or len(node.args) == 3:
            condition = self._operand(node.args[1], Kind.BOOL, what)
        if macro is Macro.MAP:
            result = self.expression(node.args[-1])
        self._loops -= 1
        del self._scope[name]
        if hidden is not None:
            self._scope[name] = hidden
        return condition, result

    def _matches(self, node: Call) -> Checked:
        nodes = node.args if node.target is None else (node.target, *node.args)
        if len(nodes) != 2:
            raise Mistake("matches() takes a text and a pattern", node.position)
        pattern = nodes[1]
        if not isinstance(pattern, Literal) or not isinstance(pattern.value, str):
            raise Mistake(
                "the pattern of matches() must be a literal text",
                pattern.position,
                "a pattern from a record could not be proved harmless",
            )
        text = self._operand(nodes[0], Kind.STRING, "what matches() looks at")
        try:
            search = compile_search(pattern.value)
        except EvaluationError as exc:
            raise Mistake(str(exc), pattern.position) from exc

        def run(budget: Budget, subject: str) -> bool:
            charge(budget, 1 + len(subject) // 4)
            return search(subject) is not None

        operation = Operation("matches()", run, None, budgeted=True)
        return Checked(Apply(operation, (text.term,)), BOOL)

    def _extreme(self, node: Call) -> Checked:
        args = [_settled(self.expression(each)) for each in node.args]
        if not args:
            raise Mistake(f"{node.function}() takes values or a list", node.position)
        kinds = {arg.kind for arg in args}
        element = args[0].type
        if len(args) == 1:
            if kinds - {Kind.LIST, Kind.DYN}:
                raise Mistake(f"{node.function}() of one value takes a list", node.position)
            element = args[0].type.item
        elif len(kinds) > 1 and Kind.DYN not in kinds and not kinds <= NUMBERS:
            raise Mistake(f"{node.function}() takes values of one type", node.position)
        elif len(kinds) > 1:
            element = DYN
        term = Apply(ops.EXTREMES[node.function], tuple(arg.term for arg in args))
        return Checked(term, element, raw=True, private=any(arg.private for arg in args))


def _map_term(operand: Checked) -> Term:
    """Return a term for a map; only reading a key by subscript needs no check."""
    return operand.term


def _as_text(value: Checked) -> Checked:
    """Take what a schema calls a date-time as the text that it is."""
    return replace(value, type=STRING) if value.kind is Kind.DATE_TIME else value


def _settled(value: Checked) -> Checked:
    """Make sure of a declared type before the value joins others of unknown types."""
    if value.raw and value.kind in ops.READS and not value.type.nullable:
        return coerced(value, value.kind)
    return _as_text(value)


def _certain(element: Type) -> Type:
    return element


def _as_itself(kind: Kind) -> Kind:
    return Kind.TIMESTAMP if kind is Kind.DATE_TIME else kind


def _takes(param: Kind, kind: Kind) -> bool:
    if kind is Kind.DYN or kind is param:
        return True
    if kind is Kind.DATE_TIME:
        return param in (Kind.TIMESTAMP, Kind.STRING)
    return param is Kind.NUMBER and kind in NUMBERS


def _promoted(left: Checked, right: Checked) -> list[Checked]:
    """Read an integer literal beside a double as a double: `price * 2`."""
    if left.kind is Kind.DOUBLE and _is_int_literal(right):
        right = Checked(Const(float(right.term.value)), DOUBLE)  # type: ignore[union-attr]
    elif right.kind is Kind.DOUBLE and _is_int_literal(left):
        left = Checked(Const(float(left.term.value)), DOUBLE)  # type: ignore[union-attr]
    return [left, right]


def _is_int_literal(value: Checked) -> bool:
    return isinstance(value.term, Const) and type(value.term.value) is int


def _equality(left: Checked, right: Checked) -> Operation:
    kinds = {left.kind, right.kind}
    if not left.raw and not right.raw and (kinds <= NUMBERS or len(kinds) == 1):
        if not kinds & {Kind.DYN, Kind.LIST, Kind.MAP}:
            return ops.EQUAL_TYPED
    if isinstance(right.term, Const):
        match right.term.value:
            case bool():
                return ops.EQUAL_BOOL
            case str():
                return ops.EQUAL_TEXT
            case int() | float():
                return ops.EQUAL_NUMBER
    return ops.EQUAL


def _no_form(function: ops.Function, args: Sequence[Checked], node: Operator | Call) -> Mistake:
    found = " and ".join(str(arg.type) for arg in args) or "nothing"
    name = function.name if isinstance(node, Operator) else f"{function.name}()"
    kinds = {arg.kind for arg in args}
    remedy = ""
    if isinstance(node, Operator) and kinds <= NUMBERS and len(kinds) > 1:
        remedy = "convert one of them: double(x) or int(x)"
    elif kinds == {Kind.TIMESTAMP, Kind.STRING}:
        remedy = "declare the field with format: date-time, or write timestamp(x)"
    return Mistake(f"{name} does not take {found}", node.position, remedy)


def _unknown_function(node: Call) -> Mistake:
    known = {*ops.FUNCTIONS, *_MACROS, *_ALWAYS_KNOWN}
    return Mistake(
        f"unknown function {node.function}()", node.position, did_you_mean(node.function, known)
    )
