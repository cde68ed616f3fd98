"""The Faust topology: read `ingest`, `validate`, `route`, `quarantine` in this order."""
