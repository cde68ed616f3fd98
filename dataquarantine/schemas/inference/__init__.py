"""Proposing a schema from samples, with the evidence for every line of it."""

from dataquarantine.schemas.inference.proposal import FieldEvidence, Proposal, infer

__all__ = ["FieldEvidence", "Proposal", "infer"]
