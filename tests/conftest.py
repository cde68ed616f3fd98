"""Property tests draw the same examples on every run; a slow machine fails none of them."""

from hypothesis import settings

settings.register_profile("repeatable", deadline=None, derandomize=True, database=None)
settings.load_profile("repeatable")
