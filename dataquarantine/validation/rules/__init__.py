"""Business rules: CEL text, checked against the schema, compiled to one Python function."""

from dataquarantine.validation.rules.compiled import CompiledRules, compile_rules

__all__ = ["CompiledRules", "compile_rules"]
