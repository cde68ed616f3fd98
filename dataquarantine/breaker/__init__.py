"""Stops a source that delivers mostly bad records."""
