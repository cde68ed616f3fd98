"""A streaming schema enforcer and data-quality gateway for Kafka."""

__version__ = "0.1.0"
