"""The HTTP API: handlers that know neither Faust nor a web server."""
