"""Tokens to a tree. Source: CEL specification, section "Syntax"."""

from __future__ import annotations

from dataquarantine.validation.rules.diagnostics import Mistake
from dataquarantine.validation.rules.lexer import Token, TokenKind, tokens_of
from dataquarantine.validation.rules.limits import MAX_NESTING, MAX_SOURCE_BYTES
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
    children,
)

_LEVELS = {
    "||": 1,
    "&&": 2,
    **dict.fromkeys(("<", "<=", ">", ">=", "==", "!=", "in"), 3),
    **dict.fromkeys(("+", "-"), 4),
    **dict.fromkeys(("*", "/", "%"), 5),
}
_RESERVED = frozenset(
    "as break const continue else for function if import let loop package namespace return var "
    "void while".split()
)


def parse(source: str) -> Node:
    """Parse a rule: an expression, or `guard; expression`.

    Raises: Mistake for anything else, and for a source that is too long or nested too deep.
    """
    try:
        size = len(source.encode())
    except UnicodeEncodeError as exc:
        raise Mistake("half of a surrogate pair stands alone", exc.start) from exc
    if size > MAX_SOURCE_BYTES:
        raise Mistake(
            f"the expression has more than {MAX_SOURCE_BYTES} bytes", 0, "split it into rules"
        )
    parser = _Parser(tokens_of(source))
    node = parser.rule()
    _refuse_depth(node)
    return node


class _Parser:
    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._next = 0
        self._depth = 0

    def rule(self) -> Node:
        node = self._expression()
        if (guard := self._accept(";")) and self._peek().kind is not TokenKind.END:
            node = Choice(guard.position, node, self._expression(), None)
        if self._peek().kind is not TokenKind.END:
            raise self._unexpected()
        return node

    def _peek(self) -> Token:
        return self._tokens[self._next]

    def _advance(self) -> Token:
        token = self._tokens[self._next]
        self._next += 1
        return token

    def _accept(self, symbol: str) -> Token | None:
        token = self._peek()
        if token.kind is TokenKind.SYMBOL and token.text == symbol:
            return self._advance()
        return None

    def _expect(self, symbol: str) -> Token:
        token = self._accept(symbol)
        if token is None:
            found = repr(self._peek().text) if self._peek().text else "the end"
            raise Mistake(f"expected {symbol!r}, found {found}", self._peek().position)
        return token

    def _unexpected(self) -> Mistake:
        token = self._peek()
        if token.kind is TokenKind.END:
            return Mistake("the expression ends too early", token.position)
        remedies = {"and": "write &&", "or": "write ||", "not": "write !", "=": "write =="}
        return Mistake(
            f"unexpected {token.text!r}", token.position, remedies.get(token.text.lower(), "")
        )

    def _expression(self) -> Node:
        self._depth += 1
        if self._depth > MAX_NESTING:
            raise _too_deep(self._peek().position)
        node = self._binary(1)
        if question := self._accept("?"):
            yes = self._binary(1)
            self._expect(":")
            node = Choice(question.position, node, yes, self._expression())
        self._depth -= 1
        return node

    def _binary(self, lowest: int) -> Node:
        left = self._unary()
        while (level := self._level()) >= lowest:
            operator = self._advance()
            right = self._binary(level + 1)
            left = _joined(operator, left, right)
        return left

    def _level(self) -> int:
        token = self._peek()
        if token.kind is TokenKind.CONSTANT or (
            token.kind is TokenKind.NAME and token.text != "in"
        ):
            return 0
        return _LEVELS.get(token.text, 0)

    def _unary(self) -> Node:
        operators: list[Token] = []
        while operator := self._accept(operators[0].text if operators else "!") or (
            None if operators else self._accept("-")
        ):
            operators.append(operator)
        minus = len(operators) == 1 and operators[0].text == "-"
        if minus and (literal := self._negative(operators[0])) is not None:
            return self._members(literal)
        node = self._members(self._primary())
        for operator in reversed(operators):
            node = Operator(operator.position, operator.text, (node,))
        return node

    def _negative(self, minus: Token) -> Node | None:
        """Take a number with its minus as one literal, so that -2**63 has a value."""
        token = self._peek()
        if token.kind is TokenKind.CONSTANT and type(token.value) in (int, float):
            self._advance()
            return Literal(minus.position, -token.value)  # type: ignore[operator]  # narrowed
        return None

    def _members(self, node: Node) -> Node:
        while True:
            if self._accept("."):
                name = self._advance()
                if name.kind is not TokenKind.NAME or name.text == "in":
                    raise Mistake(
                        "expected a field name after '.'",
                        name.position,
                        'write x["name"] for a field that is no plain word',
                    )
                if self._accept("("):
                    node = Call(name.position, name.text, node, self._list(")"))
                else:
                    node = Select(name.position, node, name.text)
            elif bracket := self._accept("["):
                key = self._expression()
                self._expect("]")
                node = Index(bracket.position, node, key)
            else:
                return node

    def _primary(self) -> Node:
        token = self._peek()
        if token.kind is TokenKind.CONSTANT:
            self._advance()
            if type(token.value) is int and token.value > 2**63 - 1:
                raise Mistake("an integer beyond 64 bits", token.position)
            return Literal(token.position, token.value)
        if token.kind is TokenKind.NAME and token.text != "in":
            return self._name(self._advance())
        if self._accept("("):
            node = self._expression()
            self._expect(")")
            return node
        if self._accept("["):
            return ListOf(token.position, self._list("]"))
        if self._accept("{"):
            return self._map(token.position)
        raise self._unexpected()

    def _name(self, token: Token) -> Node:
        if self._accept("("):
            return Call(token.position, token.text, None, self._list(")"))
        if token.text in _RESERVED:
            raise Mistake(
                f"{token.text!r} is a reserved word",
                token.position,
                f"write message.{token.text} for the field",
            )
        return Name(token.position, token.text)

    def _list(self, end: str) -> tuple[Node, ...]:
        nodes: list[Node] = []
        while not self._accept(end):
            nodes.append(self._expression())
            if not self._accept(","):
                self._expect(end)
                break
        return tuple(nodes)

    def _map(self, position: int) -> Node:
        keys: list[Node] = []
        values: list[Node] = []
        while not self._accept("}"):
            keys.append(self._expression())
            self._expect(":")
            values.append(self._expression())
            if not self._accept(","):
                self._expect("}")
                break
        return MapOf(position, tuple(keys), tuple(values))


def _joined(operator: Token, left: Node, right: Node) -> Node:
    if (
        operator.text in ("&&", "||")
        and isinstance(left, Operator)
        and left.symbol == operator.text
    ):
        return Operator(left.position, operator.text, (*left.operands, right))
    return Operator(operator.position, operator.text, (left, right))


def _refuse_depth(root: Node) -> None:
    """Refuse a tree too deep for the recursion of what follows; chains are deep without nesting."""
    level: list[Node] = [root]
    for _ in range(MAX_NESTING):
        level = [child for node in level for child in children(node)]
        if not level:
            return
    raise _too_deep(level[0].position)


def _too_deep(position: int) -> Mistake:
    return Mistake(
        f"the expression is nested more than {MAX_NESTING} levels deep",
        position,
        "split it into several rules",
    )
