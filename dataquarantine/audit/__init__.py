"""Proof from the ledger that nothing was lost."""
