"""Lives of a writer, each killed (SIGKILL) at a random moment: a program of its own, run by ``test_crash``.

    python -m tests.runtime.spool.dying DIRECTORY LIVES SEED

Each life is a forked process that appends as fast as it can and tells through a pipe what was acknowledged, only after
it was. Prints a JSON object: the greatest acknowledged position that was told in time, by life.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys

from tests.runtime.spool.making import exchange
from violet.runtime.spool.options import SpoolOptions
from violet.runtime.spool.writer import Spool

OPTIONS = SpoolOptions(
    segment_bytes=16 << 10, limit=1 << 30, sync_records=64, sync_seconds=0.002, record_bytes=2_048, compress=True
)


def live(directory: str, life: int, pipe: int) -> None:
    spool = Spool(directory, OPTIONS, worker=f"life{life}")
    told = 0
    number = 0
    while True:
        if spool.append(exchange(number + 1, f"life{life}")):
            number += 1
        acknowledged = spool.acknowledged()
        if acknowledged != told:
            told = acknowledged
            os.write(pipe, f"{told}\n".encode())


def main(directory: str, lives: int, seed: int) -> None:
    draw = random.Random(seed)
    told: dict[str, int] = {}
    for life in range(lives):
        reading, writing = os.pipe()
        child = os.fork()
        if not child:
            try:
                live(directory, life, writing)
            finally:
                os._exit(1)
        os.close(writing)
        # Bytes of what the child tells: some die before they could say anything, some in their hundredth sync.
        left = draw.choice((0, 1, 3, 20, 60))
        heard = b""
        while len(heard) < left and (part := os.read(reading, left - len(heard))):
            heard += part
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        while part := os.read(reading, 65_536):
            heard += part
        os.close(reading)
        lines = heard.split(b"\n")[:-1]
        told[f"life{life}"] = int(lines[-1]) if lines else 0
    print(json.dumps(told))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
