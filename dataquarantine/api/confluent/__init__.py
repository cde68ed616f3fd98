"""Confluent's schema registry REST API over our registry."""

from dataquarantine.api.confluent.router import ConfluentApi
from dataquarantine.api.confluent.wire import CONTENT_TYPE, Request, Response, user_of

__all__ = ["CONTENT_TYPE", "ConfluentApi", "Request", "Response", "user_of"]
