"""Open-loop load: requests are due at fixed times whatever became of those before.

    python benchmarks/guard_load.py PORT RATE SECONDS

A latency is counted from when the request was due, so that a server that stalls is charged for everyone who would have
asked meanwhile (closed loops, wrk's among them, leave these out). Prints JSON: p50, p90, p99, p999 and the largest in
milliseconds, how many were answered and failed, and by how much the generator itself was late.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections import deque
from pathlib import Path

import httptools
import uvloop

sys.path.insert(0, str(Path(__file__).parent))
from guard_traffic import Traffic

CONNECTIONS = 128
WARM_UP = 1.0
"""Seconds whose latencies are thrown away."""


class Client(asyncio.Protocol):
    def __init__(self, load: Load) -> None:
        self._load = load
        self._due = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._parser = httptools.HttpResponseParser(self)

    def ask(self, data: bytes, due: float) -> None:
        self._due = due
        self._transport.write(data)  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_message_complete(self) -> None:
        self._load.answered(self, self._due, self._parser.get_status_code())

    def connection_lost(self, exc: Exception | None) -> None:
        self._load.lost(self)


class Load:
    def __init__(self, rate: float, seconds: float) -> None:
        self._rate = rate
        self._seconds = seconds
        self._traffic = Traffic()
        self._free: deque[Client] = deque()
        self._waiting: deque[float] = deque()
        self.latencies: list[float] = []
        self.late = 0.0
        self.failed = 0
        self.sent = 0
        self.done = 0

    def answered(self, client: Client, due: float, status: int) -> None:
        self.done += 1
        if status != 200:
            self.failed += 1
        elif due - self._begun >= WARM_UP:
            self.latencies.append(time.perf_counter() - due)
        if self._waiting:
            self._send(client, self._waiting.popleft())
        else:
            self._free.append(client)

    def lost(self, client: Client) -> None:
        if not self.over:
            self.failed += 1

    def _send(self, client: Client, due: float) -> None:
        self.sent += 1
        client.ask(self._traffic.request(), due)

    async def run(self, port: int) -> None:
        self.over = False
        loop = asyncio.get_running_loop()
        for _ in range(CONNECTIONS):
            _, client = await loop.create_connection(lambda: Client(self), "127.0.0.1", port)
            self._free.append(client)
        self._begun = time.perf_counter()
        due = 0
        last = int(self._rate * (self._seconds + WARM_UP))
        while due < last:
            now = time.perf_counter()
            while due < last and self._begun + due / self._rate <= now:
                when = self._begun + due / self._rate
                self.late = max(self.late, now - when) if due > self._rate * WARM_UP else 0.0
                due += 1
                if self._free:
                    self._send(self._free.popleft(), when)
                else:
                    self._waiting.append(when)
            await asyncio.sleep(0.0005)
        until = time.perf_counter() + 5.0
        while self.done < last and time.perf_counter() < until:
            await asyncio.sleep(0.01)
        self.failed += last - self.done
        self.over = True


def main(port: int, rate: float, seconds: float) -> None:
    load = Load(rate, seconds)
    uvloop.run(load.run(port))
    found = sorted(load.latencies)

    def at(share: float) -> float:
        return round(1000 * found[min(len(found) - 1, int(share * len(found)))], 3) if found else float("nan")

    print(
        json.dumps(
            {
                "p50": at(0.5),
                "p90": at(0.9),
                "p99": at(0.99),
                "p999": at(0.999),
                "max": at(1.0),
                "answered": len(found),
                "failed": load.failed,
                "late": round(1000 * load.late, 3),
            }
        )
    )


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3]))
