"""A terminal that follows a guard until somebody ends it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from violet.report.layout import colored, plain
from violet.report.watching.console import lay_out

if TYPE_CHECKING:
    from violet.domain.guard_status import Watched


def follow(
    look: Callable[[], Watched],
    *,
    color: bool,
    interval: float = 1.0,
    wait: Callable[[float], None] = time.sleep,
    ended: Callable[[], bool] = lambda: False,
) -> None:
    """Draw what ``look`` gives on the whole terminal, every ``interval`` seconds, in the size that it has by then.
    Whatever ends it, the terminal is left as it was."""
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

    console = Console(highlight=False, markup=False, emoji=False, no_color=not color)
    with Live(console=console, screen=True, auto_refresh=False) as live:
        while not ended():
            size = console.size
            lines = lay_out(look(), width=size.width, height=size.height - 1)
            text = Text.from_ansi(colored(lines)) if color else Text(plain(lines))
            text.no_wrap = True
            text.overflow = "crop"
            live.update(text, refresh=True)
            wait(interval)
