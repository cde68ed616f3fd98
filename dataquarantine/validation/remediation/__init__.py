"""Remediation: repair steps of a schema, applied to records that failed."""

from dataquarantine.validation.payload import decode_exact, encode_exact
from dataquarantine.validation.remediation.compiled import Remediation, compile_remediation

__all__ = ["Remediation", "compile_remediation", "decode_exact", "encode_exact"]
