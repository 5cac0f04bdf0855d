"""How much of the traffic is kept, for how long, and in how much room."""

from __future__ import annotations

from dataclasses import dataclass

from violet.domain.errors import ConfigurationError
from violet.runtime.spool.frames import LARGEST_FRAME


@dataclass(frozen=True, slots=True)
class SpoolOptions:
    """``share`` of all exchanges is kept, drawn by exchange or, so that what is kept of a client is whole, by client
    (``by_client``). ``limit`` bounds the directory, ``segment_bytes`` and ``segment_seconds`` one file;
    ``keep_seconds`` removes what is older (0: nothing). fsync comes after ``sync_records`` records or ``sync_seconds``.
    A record over ``record_bytes``, or half a segment, is kept without its rows, texts and bodies. ``queue_records`` and
    ``queue_bytes`` bound what waits in memory. After an error of the disk the spool tries again every
    ``retry_seconds``."""

    share: float = 1.0
    by_client: bool = False
    bodies: bool = False
    limit: int = 1 << 30
    segment_bytes: int = 16 << 20
    segment_seconds: float = 600.0
    keep_seconds: float = 0.0
    sync_records: int = 1_000
    sync_seconds: float = 0.1
    record_bytes: int = 256 << 10
    queue_records: int = 20_000
    queue_bytes: int = 64 << 20
    retry_seconds: float = 5.0
    compress: bool = True

    def __post_init__(self) -> None:
        if not 0 <= self.share <= 1:
            raise ConfigurationError(f"The spool's share is {self.share:g}.", "Give one from 0 to 1.")
        if self.segment_bytes < 4_096 or self.limit < 3 * self.segment_bytes:
            raise ConfigurationError(
                f"The spool's limit of {self.limit} bytes has no room for segments of {self.segment_bytes}.",
                "Give a limit of at least three segments, and segments of at least 4096 bytes.",
            )
        if min(self.sync_records, self.queue_records, self.queue_bytes) < 1 or self.record_bytes < 1_024:
            raise ConfigurationError("The spool's queue, sync or record size is too small.")
        if self.record_bytes > LARGEST_FRAME // 2:
            raise ConfigurationError(f"The spool's records are at most {LARGEST_FRAME // 2} bytes.")
        if min(self.sync_seconds, self.retry_seconds, self.segment_seconds) <= 0 or self.keep_seconds < 0:
            raise ConfigurationError("The spool's times must be above 0.")
