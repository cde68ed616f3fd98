"""What the child says of a record arrives whole."""

from dataquarantine.outcomes import JudgedChunk, ValidationOutcome, ValidationResult
from dataquarantine.validation.isolation import protocol


def test_a_judgement_arrives_as_it_was_made() -> None:
    outcome = ValidationOutcome(
        ValidationResult.VALID,
        remediated=True,
        schema_name="order",
        schema_version="1.0.0",
        remediation_steps=("trim id",),
    )
    chunk = JudgedChunk([outcome], [b"k"], {0: b"new"}, {0: b"{}"}, {0})

    judged = protocol.decode_judged(protocol.encode(protocol.judged_of(chunk)))

    assert judged == protocol.Judged(outcome, b"k", b"new", b"{}", True)
