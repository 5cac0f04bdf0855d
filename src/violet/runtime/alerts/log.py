"""Alerts on the disk, before anything else happens to them.

Each worker appends to segments of its own, ``alerts-WORKER-NUMBER.jsonl``, from a thread: ``take`` costs the event loop
a dictionary look-up. Many alerts share one ``fsync``; an alert is acknowledged when that has returned, and is then not
lost by ``kill -9``. Repeats of the same within a second are one line with a count, so that a flood of alerts cannot
fill the disk. When the disk does not take them, they wait, bounded, and go to whoever listens unsaved.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import json
import os
import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from violet.domain.alert import Alert
from violet.domain.whole_file import sync_directory, write_all
from violet.runtime.alerts.documents import alert_document, alert_of, bounded, dump

SEGMENT = 8 << 20
"""Bytes after which the next segment begins."""
KEPT = 64 << 20
"""Bytes of segments that are kept once they were read."""
LONGEST_LINE = 1 << 20
MOST_WAITING = 10_000
"""Different alerts that wait for the disk; more are counted by model and detector."""
BETWEEN = 1.0
"""Seconds between two lines about the same."""

_NAME = re.compile(r"alerts-(?P<worker>[A-Za-z0-9_.]{1,64})-(?P<number>\d{8})\.jsonl")


@dataclass(frozen=True, slots=True)
class Record:
    """An alert, and how many of the same it stands for."""

    alert: Alert
    repeats: int


class AlertLog:
    """Where one worker's alerts go. ``saved`` is called, in the writing thread, after each ``fsync``; ``unsaved``
    (where set) gets records that the disk refused, and says whether it took them."""

    def __init__(self, directory: str, worker: str, saved: Callable[[], None] = lambda: None) -> None:
        self.taken = 0
        self.acknowledged = 0
        self.repeats = 0
        self.problem = ""
        self.unsaved: Callable[[list[Record]], bool] | None = None
        self._directory = directory
        self._worker = segment_name(worker)
        self._saved = saved
        self._waiting: OrderedDict[str, Record] = OrderedDict()
        self._written: OrderedDict[str, float] = OrderedDict()
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._ending = threading.Event()
        self._descriptor = -1
        self._size = 0
        os.makedirs(directory, mode=0o700, exist_ok=True)
        self._thread = threading.Thread(target=self._run, name="violet-alert-log", daemon=True)
        self._thread.start()

    def take(self, alert: Alert) -> None:
        """Keep it. Never waits, never raises."""
        alert = bounded(alert)
        key = alert.key
        with self._lock:
            self.taken += 1
            waiting = self._waiting.get(key)
            if waiting is None and len(self._waiting) >= MOST_WAITING:
                alert = replace(alert, client="", evidence=replace(alert.evidence, others=()))
                key = alert.key
                waiting = self._waiting.get(key)
            if waiting is None:
                self._waiting[key] = Record(alert, 1)
            else:
                self.repeats += 1
                self._waiting[key] = Record(_merged(waiting.alert, alert), waiting.repeats + 1)
        self._wake.set()

    def close(self) -> None:
        """Write what waits, and end."""
        self._ending.set()
        self._wake.set()
        self._thread.join(10.0)

    # -- the writing thread ---------------------------------------------------------------------------

    def _run(self) -> None:
        pause: float | None = None
        while True:
            self._wake.wait(pause)
            self._wake.clear()
            ending = self._ending.is_set()
            records, pause = self._due(everything=ending)
            if records and not self._write(records) and not ending:
                self._ending.wait(1.0)
                self._wake.set()
            if ending:
                if self._descriptor >= 0:
                    os.close(self._descriptor)
                return

    def _due(self, everything: bool) -> tuple[list[Record], float | None]:
        """What is to be written now, and when to look again (``None``: when something comes)."""
        now = time.monotonic()
        due: list[Record] = []
        soonest: float | None = None
        with self._lock:
            for key in list(self._waiting):
                rest = BETWEEN - (now - self._written.get(key, -BETWEEN))
                if rest > 0 and not everything:
                    soonest = rest if soonest is None else min(soonest, rest)
                    continue
                due.append(self._waiting.pop(key))
                self._written[key] = now
                self._written.move_to_end(key)
            while len(self._written) > MOST_WAITING:
                self._written.popitem(last=False)
        return due, soonest

    def _write(self, records: list[Record]) -> bool:
        count = sum(record.repeats for record in records)
        lines = b"".join(line_of(record) + b"\n" for record in records)
        try:
            if self._descriptor < 0 or self._size >= SEGMENT:
                self._next()
            write_all(self._descriptor, lines)
            os.fsync(self._descriptor)
        except OSError as error:
            self.problem = f"alerts cannot be written: {error.strerror or error}"
            with contextlib.suppress(OSError):
                os.ftruncate(self._descriptor, self._size)
            if self.unsaved is None or not self.unsaved(records):
                self._keep(records)
            return False
        self._size += len(lines)
        self.acknowledged += count
        self.problem = ""
        self._saved()
        return True

    def _keep(self, records: list[Record]) -> None:
        """Back to those that wait, in front of what came since."""
        with self._lock:
            for record in reversed(records):
                key = record.alert.key
                since = self._waiting.get(key)
                if since is not None:
                    record = Record(_merged(record.alert, since.alert), record.repeats + since.repeats)
                self._waiting[key] = record
                self._waiting.move_to_end(key, last=False)
                self._written.pop(key, None)

    def _next(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
        numbers = [number for worker, number, _ in segments(self._directory) if worker == self._worker]
        number = max(numbers, default=0) + 1
        path = os.path.join(self._directory, f"alerts-{self._worker}-{number:08d}.jsonl")
        self._descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        self._size = 0
        sync_directory(self._directory)


def segment_name(worker: str) -> str:
    """The worker's name as part of a file's name: itself, or a hash of it."""
    if re.fullmatch(r"[A-Za-z0-9_.]{1,64}", worker):
        return worker
    return hashlib.blake2b(worker.encode("utf-8", "replace"), digest_size=8).hexdigest()


def segments(directory: str) -> list[tuple[str, int, str]]:
    """Worker, number and file name of every segment, each worker's in order."""
    try:
        names = os.listdir(directory)
    except OSError:
        return []
    found = [(match, name) for name in names if (match := _NAME.fullmatch(name))]
    return sorted((match["worker"], int(match["number"]), name) for match, name in found)


def line_of(record: Record) -> bytes:
    return dump({"repeats": record.repeats, "alert": alert_document(record.alert)})


def record_of(line: bytes) -> Record:
    """Raises ``ValueError`` for what is no record."""
    try:
        document = json.loads(line)
        return Record(alert_of(document["alert"]), max(1, int(document["repeats"])))
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ValueError(f"not a record of an alert: {error}") from error


class LogReader:
    """Reads every worker's segments from where it stopped. ``positions`` are bytes by file name; ``broken`` lines were
    left out."""

    def __init__(self, directory: str, positions: Mapping[str, int] | None = None) -> None:
        self.positions = dict(positions or {})
        self.broken = 0
        self._directory = directory

    def read(self, most: int = 1_000) -> list[Record]:
        """At most so many records (and the rest of a block). A line without its end is read when it has one."""
        records: list[Record] = []
        known = segments(self._directory)
        for _, _, name in known:
            while len(records) < most and self._some(name, records):
                pass
        for gone in self.positions.keys() - {name for _, _, name in known}:
            del self.positions[gone]
        return records

    def prune(self) -> None:
        """Remove the oldest segments that were read to their end, but for each worker's last, beyond ``KEPT`` bytes."""
        known = segments(self._directory)
        last = {worker: name for worker, _, name in known}
        sizes = {name: os.stat(os.path.join(self._directory, name)) for _, _, name in known}
        total = sum(status.st_size for status in sizes.values())
        for name in sorted(sizes, key=lambda name: sizes[name].st_mtime):
            status = sizes[name]
            if total <= KEPT:
                return
            if name in last.values() or self.positions.get(name, 0) < status.st_size:
                continue
            os.unlink(os.path.join(self._directory, name))
            total -= status.st_size

    def _some(self, name: str, records: list[Record]) -> bool:
        """Read a block of one segment; gives whether there may be more."""
        start = self.positions.get(name, 0)
        try:
            with open(os.path.join(self._directory, name), "rb") as file:
                file.seek(start)
                block = file.read(LONGEST_LINE)
        except OSError:
            return False
        end = block.rfind(b"\n") + 1
        if not end:
            if len(block) == LONGEST_LINE:  # no line of ours is so long
                self.broken += 1
                self.positions[name] = start + len(block)
                return True
            return False
        for line in block[:end].split(b"\n"):
            if line:
                try:
                    records.append(record_of(line))
                except ValueError:
                    self.broken += 1
        self.positions[name] = start + end
        return True


def find_alert(directory: str, identity: str) -> Alert | None:
    """The alert with this id, from the segments in ``directory``; ``None``: it is not there, or no longer."""
    for record in _newest_first(directory):
        if record.alert.id == identity:
            return record.alert
    return None


def latest_alerts(directory: str, most: int) -> tuple[Alert, ...]:
    """The newest ``most`` alerts in the segments in ``directory``, of all workers, the newest first."""
    found: dict[str, Alert] = {}
    for worker in {worker for worker, _, _ in segments(directory)}:
        for record in itertools.islice(_newest_first(directory, worker), most):
            found.setdefault(record.alert.id, record.alert)
    return tuple(sorted(found.values(), key=lambda alert: -alert.at)[:most])


def _newest_first(directory: str, only: str = "") -> Iterator[Record]:
    """Worker by worker, or those of one."""
    for worker, _, name in reversed(segments(directory)):
        if only not in ("", worker):
            continue
        try:
            with open(os.path.join(directory, name), "rb") as file:
                lines = file.read(2 * SEGMENT).split(b"\n")
        except OSError:
            continue
        for line in reversed(lines):
            with contextlib.suppress(ValueError):
                yield record_of(line)


def _merged(first: Alert, later: Alert) -> Alert:
    """The later one, unless the first was worse: a peak is not lost by what follows it."""
    return first if (first.severity, first.score) > (later.severity, later.score) else later
