"""The incident file, and what the desk needs to go on after it was killed.

``incidents.jsonl`` is for people and log shippers: one notice a line, on the disk before any route hears of it, rotated
by size, never rewritten. ``desk.json`` is for the desk: the open incidents and how far it has read; it is replaced as a
whole at most once a second. What the incident file holds beyond it is applied when the desk starts again, so that
an incident keeps its id. Alerts of the last second may be counted twice then; none is missing.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from violet.domain.incident_alert import Incident, Notice, NoticeEvent
from violet.domain.whole_file import sync_directory, whole_file, write_all
from violet.runtime.alerts.documents import dump, notice_document, notice_of

INCIDENTS = "incidents.jsonl"
CHECKPOINT = "desk.json"
CURSORS = "routes.json"
ROTATE = 16 << 20
KEPT = 8
"""Rotated incident files that are kept."""
LARGEST = 64 << 20

_ROTATED = re.compile(r"incidents-\d{10}\.jsonl")


class LineFile:
    """A file of lines that is appended to, synced, and rotated to ``NAME-NUMBER.jsonl``."""

    def __init__(self, path: str, rotate: int = ROTATE, kept: int = KEPT) -> None:
        self.path = path
        self._rotate = rotate
        self._kept = kept
        self._descriptor = -1
        self._size = 0

    def append(self, lines: Iterable[bytes], number: int) -> None:
        """All lines are on the disk when this returns. ``number`` names the file if it is rotated now. Raises
        ``OSError``; nothing half-written stays then."""
        data = b"".join(line + b"\n" for line in lines)
        if self._descriptor < 0:
            self._open()
        if self._size and self._size + len(data) > self._rotate:
            self._turn(number)
        try:
            write_all(self._descriptor, data)
            os.fsync(self._descriptor)
        except OSError:
            os.ftruncate(self._descriptor, self._size)
            raise
        self._size += len(data)

    def close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _open(self) -> None:
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        self._descriptor = os.open(self.path, flags, 0o600)
        self._size = os.fstat(self._descriptor).st_size
        if self._size:
            tail = os.pread(self._descriptor, 1 << 20, max(0, self._size - (1 << 20)))
            if not tail.endswith(b"\n"):  # killed in the middle of a line
                self._size -= len(tail) - (tail.rfind(b"\n") + 1)
                os.ftruncate(self._descriptor, self._size)
        sync_directory(os.path.dirname(os.path.abspath(self.path)))

    def _turn(self, number: int) -> None:
        self.close()
        stem, ending = os.path.splitext(self.path)
        os.replace(self.path, f"{stem}-{number:010d}{ending}")
        directory = os.path.dirname(os.path.abspath(self.path))
        pattern = re.compile(re.escape(os.path.basename(stem)) + r"-\d{10}" + re.escape(ending))
        rotated = sorted(name for name in os.listdir(directory) if pattern.fullmatch(name))
        for name in rotated[: max(0, len(rotated) - self._kept)]:
            os.unlink(os.path.join(directory, name))
        self._open()


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """``number`` is that of the last notice in it."""

    number: int = 0
    positions: Mapping[str, int] = field(default_factory=dict)
    incidents: tuple[Incident, ...] = ()


class DeskFiles:
    """The desk's own files in one directory. Only who holds the desk's lock may write."""

    def __init__(self, directory: str, state: str = "") -> None:
        self.directory = directory
        self._state = state
        self._file = LineFile(os.path.join(directory, INCIDENTS))

    def append(self, notices: Iterable[Notice]) -> None:
        """Raises ``OSError``."""
        notices = tuple(notices)
        lines = [dump(notice_document(notice, self._state)) for notice in notices]
        self._file.append(lines, notices[0].number)

    def save(self, checkpoint: Checkpoint) -> None:
        """Raises ``OSError``."""
        document = {
            "version": 1,
            "number": checkpoint.number,
            "positions": dict(checkpoint.positions),
            "incidents": [_state(incident) for incident in checkpoint.incidents],
        }
        with whole_file(os.path.join(self.directory, CHECKPOINT), private=True) as file:
            file.write(dump(document))

    def load(self) -> Checkpoint:
        """What was saved, and the notices since. A damaged checkpoint is none: everything is read anew."""
        number, positions, incidents = 0, {}, {}
        try:
            document = _json(os.path.join(self.directory, CHECKPOINT))
            number = int(document["number"])
            positions = {str(name): int(place) for name, place in document["positions"].items()}
            incidents = {i.key: i for i in (notice_of(entry).incident for entry in document["incidents"])}
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            number, positions, incidents = 0, {}, {}
        for notice in self.notices(after=number):
            number = max(number, notice.number)
            if notice.incident.open:
                incidents[notice.incident.key] = notice.incident
            else:
                incidents.pop(notice.incident.key, None)
        return Checkpoint(number, positions, tuple(incidents.values()))

    def notices(self, after: int, most: int = 10_000) -> list[Notice]:
        """The latest notices with a higher number, in order; damaged lines are left out."""
        found: dict[int, Notice] = {}
        names = sorted(name for name in os.listdir(self.directory) if _ROTATED.fullmatch(name))
        for name in reversed([*names, INCIDENTS]):
            here = self._read(os.path.join(self.directory, name), after)
            found.update(here)
            if len(found) >= most or (here and min(here) <= after + 1) or (not here and name != INCIDENTS):
                break
        return [found[number] for number in sorted(found)[-most:]]

    def cursors(self) -> dict[str, int]:
        """How far each route has come: every notice up to this number was delivered, or counted in a summary."""
        try:
            return {str(name): int(number) for name, number in _json(os.path.join(self.directory, CURSORS)).items()}
        except (OSError, ValueError, TypeError, AttributeError):
            return {}

    def save_cursors(self, cursors: Mapping[str, int]) -> None:
        """Raises ``OSError``."""
        with whole_file(os.path.join(self.directory, CURSORS), private=True) as file:
            file.write(dump(dict(cursors)))

    def close(self) -> None:
        self._file.close()

    def _read(self, path: str, after: int) -> dict[int, Notice]:
        found: dict[int, Notice] = {}
        try:
            with open(path, "rb") as file:
                for line in file.read(LARGEST).split(b"\n")[:-1]:
                    try:
                        document = json.loads(line)
                        if document["number"] > after:
                            found[document["number"]] = notice_of(document)
                    except (ValueError, KeyError, TypeError, RecursionError):
                        continue
        except OSError:
            return {}
        return found


def _state(incident: Incident) -> dict[str, Any]:
    return notice_document(Notice(0, incident.last, NoticeEvent.CONTINUES, incident, ""))


def _json(path: str) -> Any:
    with open(path, "rb") as file:
        data = file.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise ValueError(f"{path} is larger than {LARGEST:,} bytes")
    try:
        return json.loads(data)
    except RecursionError as error:
        raise ValueError(f"{path} is nested too deeply") from error
