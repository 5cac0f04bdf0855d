"""No worker outlives its parent, however that ends."""

from __future__ import annotations

import os
import time

LOOK_EVERY = 0.5
"""Seconds between two looks."""


def end_with(parent: int) -> None:
    """From now on, end this process when ``parent``, its parent, is gone.

    A killed parent closes nothing that its workers would notice: they hold both ends of their queues. The system
    gives orphans another parent, which is what a thread here looks for.
    """
    import threading

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(LOOK_EVERY)
        os._exit(1)

    threading.Thread(target=watch, name="violet-parent", daemon=True).start()
