"""Hashing of many files at once, as fast as the processor's SHA-256 allows.

Each thread reads into a buffer of its own that stays in the processor's cache, and hashes from there; OpenSSL
works without the interpreter's lock, so threads run on all cores. Where fewer files are hashed than there are
processors, those without work read ahead for the others. Files are never mapped into memory: one that is truncated
meanwhile would kill the process. See ``docs/decisions/0009-hashing-and-the-digest-cache.md`` for what was
measured.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from violet.domain import VioletError
from violet.provenance.hashing_walk import ChangedError, Found, Tree, open_beneath, open_file, open_root, printable
from violet.provenance.read_ahead import ReadAhead, TruncatedError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from violet.provenance.cache import DigestCache

    Progress = Callable[[int, int, str], None]

ALGORITHMS = ("sha256", "blake2b", "blake3")
"""What model signatures may use. All have 256 bits or more; none is known to be weak."""

BUFFER = 256 << 10
"""Bytes read at once. Larger ones fall out of the second-level cache, smaller ones pay for more calls."""

SMALL = 48 << 10
"""Files up to this size are read in one call, and all by one thread: opening them needs the interpreter's lock, over
which several threads would only queue."""

WORTH_THREADS = 4 << 20
"""Bytes of larger files from which starting threads costs less than it saves."""

READ_AHEAD_FROM = 16 << 20
"""Bytes from which another processor may read ahead."""

CACHED_FROM = 4 << 20
"""Bytes from which looking a digest up costs less than computing it."""

TICK = 0.1
"""Seconds between two calls of ``progress``."""


REPLACED = (errno.ENOENT, errno.ELOOP, errno.ENOTDIR, errno.ENXIO, errno.ESTALE)
"""Opening fails with these where something else stands in the place of what was found."""


@dataclass(frozen=True, slots=True)
class Task:
    """A part of a file to hash: ``start`` to ``end`` (excluded; ``None``: the whole file, whatever its size),
    once for each of ``algorithms``, in a single pass."""

    file: Found
    algorithms: tuple[str, ...] = ("sha256",)
    start: int = 0
    end: int | None = None

    @property
    def size(self) -> int:
        return (self.file.size if self.end is None else self.end) - self.start


def hash_all(
    tree: Tree,
    tasks: Sequence[Task],
    *,
    jobs: int = 0,
    cache: DigestCache | None = None,
    progress: Progress | None = None,
) -> list[tuple[str, ...]]:
    """The digests (hexadecimal) of each task, in the order of ``tasks`` and of their algorithms.

    ``jobs`` is the number of threads (0: one a processor). ``progress(done, total, path)`` counts bytes and is
    called from this thread. Raises ``ChangedError`` for a file that is not the one that was found or that changes
    while it is read, ``VioletError`` for one that cannot be read; all threads have ended by then.
    """
    total = sum(task.size for task in tasks)
    batches = _batches(tasks)
    shared = sum(task.size for task in tasks if task.size > SMALL)
    allowed = jobs or processors()
    threads = min(allowed, len(batches)) if shared >= WORTH_THREADS else 1
    run = _Run(tree, tasks, cache, total, progress if threads <= 1 else None)
    run.idle = allowed - max(threads, 1)
    try:
        if threads <= 1:
            run.work(iter(batches))
        else:
            _in_threads(run, batches, threads, progress)
    finally:
        run.close()
    if run.errors:
        raise min(run.errors, key=lambda failed: failed[0])[1]
    return [digests for digests in run.results if digests is not None]


def processors() -> int:
    """Processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def new_hash(algorithm: str) -> Any:
    """An object with ``update`` and ``hexdigest``. Raises ``VioletError`` for what is not allowed."""
    if algorithm == "sha256":
        return hashlib.sha256()
    if algorithm == "blake2b":
        return hashlib.blake2b()
    if algorithm == "blake3":
        import blake3

        return blake3.blake3()
    raise VioletError(f"{printable(algorithm)} is no hash that model signatures may use.")


def _batches(tasks: Sequence[Task]) -> list[list[int]]:
    """Indices of tasks, in the portions in which threads take them: all small files together, and of the others the
    largest first, each alone."""
    small = [index for index, task in enumerate(tasks) if task.size <= SMALL]
    large = [index for index, task in enumerate(tasks) if task.size > SMALL]
    large.sort(key=lambda index: -tasks[index].size)
    return [*([small] if small else []), *([index] for index in large)]


def _in_threads(run: _Run, batches: list[list[int]], threads: int, progress: Progress | None) -> None:
    queue = iter(batches)
    workers = [
        threading.Thread(target=run.work, args=(queue,), name=f"hash-{number}", daemon=True)
        for number in range(threads)
    ]
    try:
        for worker in workers:
            worker.start()
        for worker in workers:
            while worker.is_alive():
                worker.join(TICK)
                if progress is not None and not run.stopped():
                    progress(run.done, run.total, run.current)
    except BaseException:
        # Interrupted: threads look at the flag with every buffer, so this takes a moment only.
        run.stop()
        for worker in workers:
            if worker.ident is not None:
                worker.join()
        raise


class _Stopped(Exception):
    """Another thread failed, or the user interrupted: this digest is nobody's any more."""


class _Run:
    """What the threads of one ``hash_all`` share."""

    def __init__(
        self, tree: Tree, tasks: Sequence[Task], cache: DigestCache | None, total: int, progress: Progress | None
    ) -> None:
        self.tree = tree
        self.tasks = tasks
        self.cache = cache
        self.total = total
        self.done = 0
        self.current = ""
        self.idle = 0
        """Processors on which nothing is hashed; they may read ahead."""
        self._stopped = threading.Event()
        self.results: list[tuple[str, ...] | None] = [None] * len(tasks)
        self.errors: list[tuple[int, BaseException]] = []
        self._progress = progress
        self._lock = threading.Lock()
        self._root = open_root(tree.root) if tree.is_directory else -1
        self._blobs = open_root(tree.snapshot.blobs) if tree.snapshot is not None else -1

    def stop(self) -> None:
        """Let all threads end at their next buffer."""
        self._stopped.set()

    def stopped(self) -> bool:
        return self._stopped.is_set()

    def close(self) -> None:
        for descriptor in (self._root, self._blobs):
            if descriptor >= 0:
                os.close(descriptor)
        self._root = self._blobs = -1

    def work(self, queue: Any) -> None:
        """Take batches until there is none, or until somebody failed."""
        buffer = memoryview(bytearray(BUFFER))
        index = 0
        try:
            while not self.stopped():
                with self._lock:
                    batch = next(queue, None)
                if batch is None:
                    return
                folder, place = -1, ""
                try:
                    for index in batch:
                        file = self.tasks[index].file
                        above = "" if file.blob else file.target.rpartition("/")[0]
                        if len(batch) > 1 and above != place:
                            if folder >= 0:
                                os.close(folder)
                                folder = -1
                            folder, place = self._open(file, above, directory=True) if above else -1, above
                        self.results[index] = self._digest(self.tasks[index], buffer, folder)
                        if self.stopped():
                            return
                finally:
                    if folder >= 0:
                        os.close(folder)
        except _Stopped:
            return
        except BaseException as error:
            self.stop()
            self.errors.append((index, error))
        finally:
            with self._lock:
                self.idle += 1

    def _digest(self, task: Task, buffer: memoryview, folder: int) -> tuple[str, ...]:
        file = task.file
        descriptor = self._open(file, file.target, folder=folder)
        try:
            started = time.time_ns()
            before = os.fstat(descriptor)
            if (before.st_dev, before.st_ino, before.st_size) != (file.device, file.inode, file.size):
                raise ChangedError(self._shown(file), "was replaced or changed")
            if not stat.S_ISREG(before.st_mode):
                raise ChangedError(self._shown(file), "was replaced")
            cache = self.cache if task.size >= CACHED_FROM else None
            if cache is not None and (known := cache.get(before, _labels(task))):
                self._count(task.size, file.path)
                return known
            digests = self._read(task, descriptor, buffer)
            after = os.fstat(descriptor)
            if _state(before) != _state(after):
                raise ChangedError(self._shown(file))
            if cache is not None:
                cache.put(after, _labels(task), digests, started)
            return digests
        except OSError as error:
            raise VioletError(f"{self._shown(file)} cannot be read: {error.strerror}.") from error
        finally:
            os.close(descriptor)

    def _read(self, task: Task, descriptor: int, buffer: memoryview) -> tuple[str, ...]:
        hashes = [new_hash(name) for name in task.algorithms]
        left = task.size
        if left <= SMALL and task.end is None:
            content = os.read(descriptor, left + 1) if left else b""
            if len(content) != left:
                raise ChangedError(self._shown(task.file))
            for state in hashes:
                state.update(content)
            self._count(left, task.file.path)
            return tuple(state.hexdigest() for state in hashes)
        if hasattr(os, "posix_fadvise"):
            os.posix_fadvise(descriptor, task.start, left, os.POSIX_FADV_SEQUENTIAL)
        if left >= READ_AHEAD_FROM and hasattr(os, "preadv") and self._borrow():
            try:
                self._read_ahead(task, descriptor, hashes)
            finally:
                with self._lock:
                    self.idle += 1
            return tuple(state.hexdigest() for state in hashes)
        if task.start:
            os.lseek(descriptor, task.start, os.SEEK_SET)
        while left:
            if self.stopped():
                raise _Stopped
            count = os.readv(descriptor, [buffer[: min(left, BUFFER)]])
            if not count:
                raise ChangedError(self._shown(task.file), "was truncated")
            for state in hashes:
                state.update(buffer[:count])
            left -= count
            self._count(count, task.file.path)
        return tuple(state.hexdigest() for state in hashes)

    def _borrow(self) -> bool:
        """Whether there was a processor without work; it is taken."""
        with self._lock:
            free = self.idle > 0
            self.idle -= free
            return free

    def _read_ahead(self, task: Task, descriptor: int, hashes: Sequence[Any]) -> None:
        with ReadAhead(descriptor, task.start, task.size) as ahead:
            try:
                for piece in ahead.pieces():
                    for state in hashes:
                        state.update(piece)
                    self._count(len(piece), task.file.path)
                    if self.stopped():
                        raise _Stopped
            except TruncatedError as error:
                raise ChangedError(self._shown(task.file), "was truncated") from error

    def _open(self, file: Found, path: str, *, folder: int = -1, directory: bool = False) -> int:
        """``folder`` is the open directory that the file lies in, where there is one."""
        try:
            if self._root < 0:
                return open_file(self.tree.root)
            if file.blob and not directory:
                return open_beneath(self._blobs, file.blob)
            if folder >= 0:
                return open_beneath(folder, path.rpartition("/")[2])
            return open_beneath(self._root, path, directory=directory)
        except OSError as error:
            if error.errno in REPLACED:
                raise ChangedError(self._shown(file), "was replaced or removed") from error
            raise VioletError(f"{self._shown(file)} cannot be read: {error.strerror}.") from error

    def _shown(self, file: Found) -> str:
        return printable(self.tree.shown(file.path))

    def _count(self, size: int, path: str) -> None:
        # Threads may lose one another's additions here; this is for a progress line, and a lock would cost more.
        self.done += size
        self.current = path
        if self._progress is not None:
            self._progress(self.done, self.total, path)


def _labels(task: Task) -> tuple[str, ...]:
    """What the cache calls the digests of a task."""
    part = "" if task.end is None else f"@{task.start}-{task.end}"
    return tuple(f"{algorithm}{part}" for algorithm in task.algorithms)


def _state(status: os.stat_result) -> tuple[int, ...]:
    """What differs when a file was written to, also where the writer set its time of modification back."""
    return (status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
