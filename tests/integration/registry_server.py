"""Our registry paths over HTTP, without a worker."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from dataquarantine.api.confluent import CONTENT_TYPE, Request
from tests.unit.api.registry_at_hand import RegistryAtHand


@contextmanager
def served(registry: RegistryAtHand, asked: list[str] | None = None) -> Iterator[str]:
    """Serve a registry and give its URL; `asked` collects the paths of its requests."""

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            url = urlsplit(self.path)
            if asked is not None:
                asked.append(url.path.removeprefix("/registry"))
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            request = Request(
                self.command, url.path.removeprefix("/registry"), dict(parse_qsl(url.query)), body
            )
            response = asyncio.run(registry.api.handle(request))
            self.send_response(response.status)
            self.send_header("Content-Type", CONTENT_TYPE)
            self.send_header("Content-Length", str(len(response.body)))
            self.end_headers()
            self.wfile.write(response.body)

        do_GET = do_POST = do_PUT = do_DELETE = answer

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/registry"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
