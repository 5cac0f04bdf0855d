"""The judges of one fleet: what each saw of a client adds up, about once a second, off the way of requests."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from violet.runtime.sharing.connect import connect
from violet.runtime.sharing.sharer import Sharer, SharingOptions

if TYPE_CHECKING:
    from violet.runtime.pipeline import Pipeline

_log = logging.getLogger("violet.guard")


class Company:
    """A sharer for each model's sketches, running until closed."""

    def __init__(self, sharers: Mapping[str, Sharer]) -> None:
        self._sharers = dict(sharers)
        self._tasks = [asyncio.get_running_loop().create_task(sharer.run()) for sharer in sharers.values()]

    def state(self) -> dict[str, dict[str, Any]]:
        """By model, the fields of a ``SharingStatus``."""
        return {model: asdict(sharer.status()) for model, sharer in self._sharers.items()}

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        for task in self._tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task
        for sharer in self._sharers.values():
            await sharer.close()


async def join(said: Mapping[str, Any], pipelines: Mapping[str, Pipeline]) -> Company:
    """``said`` holds ``address``, ``name`` of the fleet, ``every`` (seconds) and ``secret`` (hexadecimal). Raises
    ``ConfigurationError`` for an address that is none."""
    options = SharingOptions(interval=float(said["every"]), secret=bytes.fromhex(said["secret"]))
    sharers = {
        model: Sharer(connect(said["address"], f"{said['name']}/{model}"), pipeline, options=options, say=_log.warning)
        for model, pipeline in pipelines.items()
    }
    return Company(sharers)
