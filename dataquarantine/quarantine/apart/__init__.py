"""The sink in a process of its own, so that storing does not hold up judging."""

from dataquarantine.quarantine.apart.sink import SinkApart, SinkFailed

__all__ = ["SinkApart", "SinkFailed"]
