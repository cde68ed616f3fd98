"""What a worker looks at before it starts."""

from __future__ import annotations

import socket

import pytest

from dataquarantine.cli.worker import require_port
from dataquarantine.errors import DataQuarantineError


def test_a_taken_port_is_named_with_the_variable_that_moves_it() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        with pytest.raises(DataQuarantineError) as caught:
            require_port("127.0.0.1", port, "DQ_WEB__PORT")

    assert str(caught.value) == (
        f"port {port} of 127.0.0.1 can't be had (Address already in use); "
        "set DQ_WEB__PORT to a free one"
    )


def test_a_free_port_is_left_free() -> None:
    require_port("127.0.0.1", 0, "DQ_WEB__PORT")
