"""What bodies of requests must hold together."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from dataquarantine.api.breakers import Reset


def test_a_rate_of_a_reset_bounds_an_admitted_backlog() -> None:
    assert Reset(why="known", admit_backlog=True, rate_per_s=500).rate_per_s == 500
    with pytest.raises(ValidationError, match="give both"):
        Reset(why="known", rate_per_s=500)
