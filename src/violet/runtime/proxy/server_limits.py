"""What a client may cost the server."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ServerLimits:
    """``header_bytes`` and ``headers`` of a request's head (431 beyond) and of its trailers; ``head_seconds`` from the
    first byte (or from connecting) to the end of the head; ``keep_alive`` seconds between requests. A body may take
    ``body_seconds``, and a second more for every ``body_rate`` bytes that came (as Apache's ``mod_reqtimeout`` has it);
    time in which the application does not read is not counted. ``write_seconds`` is how long a client may leave an
    answer unread. ``connections`` of this process, ``per_address`` of them from one address (0: any). ``upgrades`` are
    the protocols that an application may change to; requests for others are answered as if they had not asked."""

    header_bytes: int = 32_768
    headers: int = 128
    head_seconds: float = 10.0
    keep_alive: float = 75.0
    body_seconds: float = 20.0
    body_rate: int = 500
    write_seconds: float = 60.0
    connections: int = 10_000
    per_address: int = 0
    upgrades: tuple[str, ...] = ("websocket",)
