"""A file of lines, on the disk when a notice counts as delivered; rotated by size."""

from __future__ import annotations

import asyncio
import os

from violet.domain.incident_alert import Incident, Notice
from violet.runtime.alerts.delivery import SendError
from violet.runtime.alerts.files import LineFile
from violet.runtime.alerts.formats import encode
from violet.runtime.alerts.routing import Route


class File:
    each = True
    refresh_every = 0.0

    def __init__(self, route: Route, state: str) -> None:
        self._route = route
        self._state = state
        self._file = LineFile(route.path)

    async def send(self, notice: Notice) -> None:
        line = encode(notice, self._route.format, self._state)[1]
        try:
            await asyncio.to_thread(self._append, line, notice.number)
        except OSError as error:
            raise SendError(f"{self._route.path}: {error.strerror or error}") from error

    async def refresh(self, incidents: tuple[Incident, ...]) -> None:
        return None

    async def close(self) -> None:
        self._file.close()

    def _append(self, line: bytes, number: int) -> None:
        os.makedirs(os.path.dirname(self._route.path), mode=0o700, exist_ok=True)
        self._file.append([line], number)
