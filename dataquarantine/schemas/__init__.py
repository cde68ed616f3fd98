"""Schemas: their documents, versions and where they are found."""
