"""What a process of ours gives to the interpreters that it starts."""

from __future__ import annotations

import os
import sys


def environment(**defaults: str) -> dict[str, str]:
    """Give a child this process's variables, and the modules that it finds.

    Args: defaults: for variables that are not set.
    """
    return {**defaults, **os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
