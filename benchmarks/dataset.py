"""What describing a data set costs: time, memory, and the size of the description, by kind of shard.

    python benchmarks/dataset.py            about 200 MB of each kind
    python benchmarks/dataset.py --small    a twentieth, to see that it runs

Time is that of the processor (the workers'), so that a busy machine does not make the figures worse; the same file is
hashed with SHA-256 beside it. Each kind is one file, read by one worker.
"""

from __future__ import annotations

import json
import random
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "src"))

SIZE = 200 << 20
WORDS = 'alpha beta gamma delta epsilon, zeta ""eta"" theta'.split()


def numbers(dice: random.Random) -> Iterator[str]:
    yield ",".join(f"c{n}" for n in range(10)) + "\n"
    while True:
        yield ",".join(str(dice.randrange(1 << 30)) for _ in range(10)) + "\n"


def quoted(dice: random.Random) -> Iterator[str]:
    yield "id,text,label\n"
    number = 0
    while True:
        number += 1
        yield f'{number},"{" ".join(dice.choices(WORDS, k=25))}",{number % 2}\n'


def lines(dice: random.Random) -> Iterator[str]:
    number = 0
    while True:
        number += 1
        row = {"id": number, "text": " ".join(dice.choices(WORDS, k=25)), "label": number % 2, "weight": dice.random()}
        yield json.dumps(row) + "\n"


def parquet(path: Path, size: int, decode: bool = False) -> None:
    import pyarrow
    import pyarrow.parquet

    dice = random.Random(1)
    columns = {f"c{n}": [dice.randrange(1 << 40) for _ in range(size // 64)] for n in range(8)}
    pyarrow.parquet.write_table(pyarrow.table(columns), path, row_group_size=100_000)


def text(path: Path, size: int, rows: Callable[[random.Random], Iterator[str]]) -> None:
    with path.open("w", encoding="utf-8") as file:
        written = 0
        for row in rows(random.Random(1)):
            written += file.write(row)
            if written > size:
                return


KINDS: dict[str, tuple[str, Callable[[Path, int], None], bool]] = {
    "CSV, numbers": ("numbers.csv", lambda p, s: text(p, s, numbers), False),
    "CSV, quoted text": ("quoted.csv", lambda p, s: text(p, s, quoted), False),
    "JSON lines": ("lines.jsonl", lambda p, s: text(p, s, lines), False),
    "Parquet, by bytes": ("table.parquet", parquet, False),
    "Parquet, decoded": ("table.parquet", parquet, True),
}


def measure(path: str, decode: bool) -> None:
    """In a process of its own, so that the memory of its workers is that of one description."""
    from violet.provenance.identity import identify
    from violet.services.dataset import DescribeOptions, describe, manifest_bytes

    started = time.process_time()
    identity = identify(path, cache=False, jobs=1)
    hashing = time.process_time() - started
    manifest = describe(path, identity, DescribeOptions(jobs=1, decode=decode))
    assert not manifest.shards[0].notes, manifest.shards[0].notes
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    figures = [
        used.ru_utime + used.ru_stime,
        hashing,
        used.ru_maxrss >> 10,
        manifest.rows,
        len(manifest_bytes(manifest)),
    ]
    print(json.dumps([identity.size, *figures]))


def main(arguments: list[str]) -> None:
    if arguments[:1] == ["--one"]:
        measure(arguments[1], arguments[2] == "decode")
        return
    size = SIZE // 20 if "--small" in arguments else SIZE
    print(f"{'':18} {'size':>8} {'rows':>10} {'speed':>10} {'hashing':>10} {'memory':>8} {'description':>12}")
    with TemporaryDirectory() as folder:
        for name, (file, make, decode) in KINDS.items():
            path = Path(folder) / file
            if not path.exists():
                make(path, size)
            command = [sys.executable, __file__, "--one", str(path), "decode" if decode else "bytes"]
            out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            total, seconds, hashing, memory, rows, described = json.loads(out)
            print(
                f"{name:18} {total / 1e6:5.0f} MB {rows:10,} {total / seconds / 1e6:5.0f} MB/s "
                f"{total / max(hashing, 1e-9) / 1e6:5.0f} MB/s {memory:5} MB {described / 1e6:9.2f} MB"
            )


if __name__ == "__main__":
    main(sys.argv[1:])
