"""Random expressions that mostly make sense, and documents that mostly fit them.

Fields: i, j integers; x, y numbers; s, t texts; p, q truth values; l list of integers; k list of
texts; m map of integers; o object with the field i; d, e date-times (only with the schema).
"""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

Text = st.SearchStrategy[str]

SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        **{name: {"type": "integer"} for name in ("i", "j")},
        **{name: {"type": "number"} for name in ("x", "y")},
        **{name: {"type": "string"} for name in ("s", "t")},
        **{name: {"type": "boolean"} for name in ("p", "q")},
        **{name: {"type": "string", "format": "date-time"} for name in ("d", "e")},
        "l": {"type": "array", "items": {"type": "integer"}},
        "k": {"type": "array", "items": {"type": "string"}},
        "m": {"type": "object", "additionalProperties": {"type": "integer"}},
        "o": {"type": "object", "properties": {"i": {"type": "integer"}}},
    },
}

_integers = st.sampled_from([0, 1, -1, 2, 3, -7, 2**62, 2**63 - 1, -(2**63)])
_doubles = st.sampled_from([0.0, -0.0, 0.5, 1.0, -1.5, 1e308, 2.0**53])
_texts = st.sampled_from(["", "x", "ab", "é😀", "1", "2026-01-01T00:00:00Z"])
_times = st.sampled_from(
    ["2025-12-31T23:59:59Z", "2026-01-01T00:00:00Z", "2026-01-01T01:00:00+01:00"]
)
_right: dict[str, st.SearchStrategy[Any]] = {
    "i": _integers,
    "j": _integers,
    "x": _doubles,
    "y": _doubles,
    "s": _texts,
    "t": _texts,
    "p": st.booleans(),
    "q": st.booleans(),
    "l": st.lists(_integers, max_size=3),
    "k": st.lists(_texts, max_size=3),
    "m": st.dictionaries(st.sampled_from(["a", "x", "ab"]), _integers, max_size=2),
    "o": st.fixed_dictionaries({}, optional={"i": _integers}),
}
_junk = st.one_of(
    st.none(), st.booleans(), _integers, _doubles, _texts, st.just([]), st.just({}), st.just([True])
)
#: Fields mostly right; a few are wrong or missing.
loose_documents = st.builds(
    lambda right, junk, missing: {
        name: value for name, value in {**right, **junk}.items() if name not in missing
    },
    st.fixed_dictionaries(_right),
    st.dictionaries(st.sampled_from(sorted(_right)), _junk, max_size=3),
    st.sets(st.sampled_from(sorted(_right)), max_size=2),
)
#: Documents that satisfy SCHEMA; whole numbers may stand without a point.
fitting_documents = st.fixed_dictionaries(
    {
        **_right,
        "x": st.one_of(_doubles, st.integers(-3, 3)),
        "y": st.one_of(_doubles, st.integers(-3, 3)),
        "d": _times,
        "e": _times,
    }
)

_ORDER = ["<", "<=", ">", ">=", "==", "!="]


def _form(template: str, *parts: Text) -> Text:
    return st.tuples(*parts).map(lambda texts: template.format(*texts))


def _infix(left: Text, operators: list[str], right: Text) -> Text:
    return st.builds(lambda a, op, b: f"({a} {op} {b})", left, st.sampled_from(operators), right)


def truths(depth: int, *, dates: bool) -> Text:
    """Return expressions that result in bool, nested as deep as told."""
    leaves = [st.sampled_from(["p", "q", "true", "false", "o.i == 1", "has(o.i)"])]
    if depth == 0:
        return st.one_of(*leaves)
    below = truths(depth - 1, dates=dates)
    integer, double, text = integers(depth - 1), doubles(depth - 1), texts(depth - 1)
    choices = [
        *leaves,
        _infix(below, ["&&", "||"], below),
        _infix(below, ["&&", "||"], below),
        _form("!({})", below),
        _form("({} ? {} : {})", below, below, below),
        _infix(integer, _ORDER, integer),
        _infix(double, _ORDER, double),
        _infix(text, _ORDER, text),
        _infix(below, ["==", "!="], below),
        _form("({} in l)", integer),
        _form("({} in [1, 2, -7])", integer),
        _form('({} in ["x", "ab"])', text),
        _form("({} in k)", text),
        _form("({} in m)", text),
        _form("{}.contains({})", text, text),
        _form("{}.startsWith({})", text, text),
        _form('{}.matches("^[a-z]+$")', text),
    ]
    if depth > 1:  # loops may be nested twice
        choices += [
            _form("l.all(i, {})", below),
            _form("l.exists(i, {})", below),
            _form("l.exists_one(i, {})", below),
            _form("k.all(s, {})", below),
            _form("k.exists(s, {})", below),
            _form("m.all(t, {})", below),
            _form("(l.filter(i, {}) == l)", below),
            _form("(l.map(i, {}) == [{}])", integer, integer),
            _form("(l.map(i, {}, {}) == l)", below, integer),
        ]
    if dates:
        stamps = st.sampled_from(["d", "e", "now", "timestamp(d)", "(e + duration('1h'))"])
        choices += [_infix(stamps, _ORDER, stamps)] * 4
        choices += [st.sampled_from(["d.getHours() == 0", "d - e < duration('1h')"])]
    return st.one_of(*choices)


def integers(depth: int) -> Text:
    """Return expressions that result in int."""
    leaves = st.sampled_from(["i", "j", "1", "0", "-7", "o.i", "l[0]", 'm["a"]', "m.x"])
    if depth == 0:
        return leaves
    below = integers(depth - 1)
    return st.one_of(
        leaves,
        _infix(below, ["+", "-", "*", "/", "%"], below),
        _form("-({})", below),
        _form("size({})", texts(depth - 1)),
        # Not int(x): for a bool of unknown type the oracle gives 1, against its own type check.
        _form("int(double({}))", doubles(depth - 1)),
        _form("int('1' + string({}))", below),
        st.sampled_from(["size(l)", "size(m)"]),
        _form("l[{}]", below),
        _form("m[{}]", texts(depth - 1)),
    )


def doubles(depth: int) -> Text:
    """Return expressions that result in double."""
    leaves = st.sampled_from(["x", "y", "0.5", "-1.0", "0.0"])
    if depth == 0:
        return leaves
    below = doubles(depth - 1)
    return st.one_of(
        leaves,
        _infix(below, ["+", "-", "*", "/"], below),
        _form("-({})", below),
        _form("double({})", integers(depth - 1)),
    )


def texts(depth: int) -> Text:
    """Return expressions that result in string."""
    leaves = st.sampled_from(["s", "t", '"x"', '""', '"é"', "k[0]"])
    if depth == 0:
        return leaves
    below = texts(depth - 1)
    return st.one_of(
        leaves,
        _infix(below, ["+"], below),
        _form("string({})", integers(depth - 1)),
        _form("{}.lowerAscii()", below),
    )
