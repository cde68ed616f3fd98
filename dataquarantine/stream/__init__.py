"""Kafka in chunks; the only package that knows Faust."""
