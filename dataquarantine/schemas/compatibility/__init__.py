"""Whether one version of a schema may replace another."""

from dataquarantine.schemas.compatibility.check import (
    check,
    compare_documents,
    compare_schemas,
    directions,
)
from dataquarantine.schemas.compatibility.report import (
    NO_EXAMPLE,
    CompatibilityReport,
    Difference,
    Policy,
)

__all__ = [
    "NO_EXAMPLE",
    "CompatibilityReport",
    "Difference",
    "Policy",
    "check",
    "compare_documents",
    "compare_schemas",
    "directions",
]
