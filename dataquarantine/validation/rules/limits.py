"""What a rule may cost. A rule comes from a registry, so none of these is left to its author."""

from __future__ import annotations

#: Bytes of source a rule may have.
MAX_SOURCE_BYTES = 4096
#: How deep an expression may be nested, chains of one operator other than && and || included.
MAX_NESTING = 32
#: How deep `all`, `exists`, `exists_one`, `filter` and `map` may be nested.
MAX_LOOP_NESTING = 2
#: Steps of one rule on one record. A loop is charged (elements x operations of its body) when it
#: begins; searching a text is charged by its length, and so is, inside a loop, all other work that
#: grows with a text or a list. This many steps take 10 to 60 ms in generated code and up to 250 ms
#: in the interpreter.
MAX_STEPS = 100_000
#: Characters a text, or elements a list, made by `+` may have.
MAX_JOINED = 65_536
#: Rules a schema version may have.
MAX_RULES = 100
#: Bytes a regular expression may have.
MAX_PATTERN_BYTES = 1024
#: Levels of nesting that `==` follows.
MAX_EQUALITY_NESTING = 64
