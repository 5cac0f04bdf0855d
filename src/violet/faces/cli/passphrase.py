"""Ask for a passphrase, where somebody is there to answer."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def asker() -> Callable[[str], str] | None:
    """A function that asks on the terminal without showing what is typed; ``None`` where there is no terminal."""
    if not sys.stdin.isatty() or not sys.stderr.isatty():
        return None
    from getpass import getpass

    return getpass
