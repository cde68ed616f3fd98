"""What this app keeps in RocksDB beside the registry's rows; inspected under `/api/v1/tables`."""

from __future__ import annotations

from .app import app

#: One partition each: with more, workers held different breaker states for good.
error_windows = app.Table(
    "error_windows",
    partitions=1,
    key_type=bytes,
    value_type=bytes,
    store="rocksdb:error_windows",
    help="how long each source has delivered mostly bad records",
    options={"driver": "rocksdict"},
)
breakers = app.GlobalTable(
    "breakers",
    partitions=1,
    recovery_buffer_size=1,  # with more, other workers see nothing until so many changes came
    key_type=bytes,
    value_type=bytes,
    store="rocksdb:breakers",
    help="the breaker of each source: closed, open or half_open, since when and why",
    options={"driver": "rocksdict"},
)
