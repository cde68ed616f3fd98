"""Replay: select quarantined records, repair them, try that, publish them, learn what became."""
