"""Postgres, S3 and the spool that stands in for them."""
