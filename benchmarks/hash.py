"""Hashing and signing beside the tools that do nothing else.

    python benchmarks/hash.py               2 GiB in one file, and 1 GiB in 4,000 files
    python benchmarks/hash.py --small       a tenth of both, to see that it runs
    python benchmarks/hash.py --seconds 240 in about so many seconds (default: 360), at least one turn of each

Every figure is measured in this run, on this machine, with all tools in turns. The digest of one file is one chain
of SHA-256 that no number of processors makes faster; `openssl speed` says how fast one processor walks it without
reading anything. Files lie in the page cache, as after a download.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

from measure import Timing, alternate  # noqa: E402
from peers import HOME, environment  # noqa: E402

OWN = str(ROOT / ".venv" / "bin")
RESULTS = ROOT / "benchmarks" / "HASHING.md"
FILE_BYTES = 2 << 30
FILES = 4_000
SHARD = "128MiB"
TIMEOUT = 60.0
"""Seconds for one run: more than the slowest takes on a busy machine."""
UPSTREAM = ("model-signing==1.1.1", "pyOpenSSL==26.4.0")
BLAKE3 = "import blake3, sys; print(blake3.blake3(max_threads=blake3.blake3.AUTO).update_mmap(sys.argv[1]).hexdigest())"

COLUMNS = (
    *("tool", "seconds", "CPU seconds", "peak MiB", "seconds, times the limit", "CPU, times the limit"),
    "seconds, times openssl's",
)

Commands = dict[str, Callable[[], Sequence[str]]]


def one_file(directory: Path, size: int) -> Path:
    path = directory / f"{size}.bin"
    if not path.exists() or path.stat().st_size != size:
        with path.open("wb") as file:
            for _ in range(size >> 20):
                file.write(os.urandom(1 << 20))
    with path.open("rb", buffering=0) as file:
        while file.read(1 << 20):
            pass
    return path


def many_files(directory: Path, count: int) -> Path:
    """Files of 16 to 512 KiB in 40 directories."""
    home = directory / f"{count}-files"
    for number in range(count):
        path = home / f"{number % 40:02}" / f"{number:04}.bin"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(os.urandom((16 + number * 37 % 497) << 10))
    return home


def commands(path: Path, place: Path, binaries: str) -> Commands:
    """What each tool's user would type. Violet signs with the cache of digests switched off, unless it says so."""
    key = place / "key"
    if not key.exists():
        subprocess.run([f"{OWN}/violet", "keys", "new", key, "--unencrypted-i-accept-the-risk"], check=True)
    shutil.rmtree(place / "cache", ignore_errors=True)
    own = [f"{OWN}/violet", "sign", str(path), "--key", str(key), "--isolated", "--no-progress"]
    again = [f"{OWN}/violet", "verify", str(path), "--key", f"{key}.pub", "--isolated", "--no-progress"]
    signature = ["--signature", str(place / "violet.sig")]
    cached = ["env", f"XDG_CACHE_HOME={place / 'cache'}"]
    found: Commands = {
        "violet sign": lambda: [*own, *signature, "--no-cache"],
        "violet verify": lambda: [*again, *signature, "--no-cache"],
        "violet verify, unchanged since (cache)": lambda: [*cached, *again, *signature],
    }
    if path.is_file():
        found[f"violet sign --shards {SHARD}"] = lambda: [
            *own, "--signature", str(place / "shards.sig"), "--no-cache", "--shards", SHARD
        ]  # fmt: skip
    found["model_signing sign key"] = lambda: [
        *(f"{binaries}/model_signing", "sign", "key", str(path), "--private_key", str(key)),
        *("--signature", str(place / "upstream.sig")),
    ]
    if path.is_file():
        found["openssl dgst -sha256"] = lambda: ["openssl", "dgst", "-sha256", str(path)]
        found["sha256sum"] = lambda: ["sha256sum", str(path)]
        found["blake3, mapped, all processors"] = lambda: [f"{binaries}/python", "-c", BLAKE3, str(path)]
        if shutil.which("b3sum"):
            found["b3sum"] = lambda: ["b3sum", str(path)]
    else:
        each = f"find {shlex.quote(str(path))} -type f -print0 | xargs -0"
        found["openssl dgst -sha256 (xargs)"] = lambda: ["sh", "-c", f"{each} openssl dgst -sha256"]
        cores = len(os.sched_getaffinity(0))
        found[f"openssl dgst -sha256 (xargs -P {cores})"] = lambda: [
            "sh", "-c", f"{each} -P {cores} -n 200 openssl dgst -sha256"
        ]  # fmt: skip
        found["sha256sum (xargs)"] = lambda: ["sh", "-c", f"{each} sha256sum"]
    return found


def limit() -> float:
    """Bytes a second of SHA-256 on one processor, by OpenSSL itself."""
    done = subprocess.run(
        ["openssl", "speed", "-seconds", "2", "-bytes", "262144", "-evp", "sha256"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    match = re.search(r"sha256\s+([\d.]+)k", done.stdout)
    assert match is not None, done.stdout
    return float(match[1]) * 1000


def rows(title: str, size: int, timings: dict[str, Timing], speed: float) -> list[str]:
    reference = next(timing for name, timing in timings.items() if name.startswith("openssl"))
    least = size / speed
    lines = [
        "",
        f"## {title}",
        "",
        f"SHA-256 of {size / 2**30:.2f} GiB takes one processor {least:.2f} s at {speed / 1e9:.2f} GB/s.",
        "",
        f"| {' | '.join(COLUMNS)} |",
        f"|{'---|' * len(COLUMNS)}",
    ]
    for name, timing in timings.items():
        if timing.wall is None or timing.cpu is None or timing.memory is None or timing.code != 0:
            lines.append(f"| {name} | failed ({timing.code}) | | | | | |")
            continue
        assert reference.wall is not None
        lines.append(
            f"| {name} | {timing.wall:.2f} | {timing.cpu:.2f} | {timing.memory:.0f} |"
            f" {timing.wall / least:.2f} | {timing.cpu / least:.2f} | {timing.wall / reference.wall:.2f} |"
        )
    return lines


def main(arguments: list[str]) -> int:
    scale = 10 if "--small" in arguments else 1
    seconds = float(arguments[arguments.index("--seconds") + 1]) if "--seconds" in arguments else 360.0
    directory = HOME / "workloads" / "hash"
    directory.mkdir(parents=True, exist_ok=True)
    binaries = environment("model-signing", UPSTREAM)
    processors = len(os.sched_getaffinity(0))
    lines = [
        "# Hashing",
        "",
        f"Written by `python benchmarks/hash.py`: medians of several runs in turns, {processors} processors, files in",
        "the page cache. CPU seconds count all processors, and starting up, which takes Violet about 0.2 of them.",
        "Where a processor is idle, Violet reads ahead on it: more CPU, less time.",
    ]
    turns: list[int] = []
    workloads = [
        ("One file", one_file(directory, FILE_BYTES // scale >> 20 << 20)),
        (f"{FILES // scale:,} files", many_files(directory, FILES // scale)),
    ]
    for title, path in workloads:
        place = directory / f"{path.name}-signatures"
        place.mkdir(exist_ok=True)
        size = path.stat().st_size if path.is_file() else sum(p.stat().st_size for p in path.rglob("*.bin"))
        speed = limit()
        print(f"timing: {title}", file=sys.stderr, flush=True)
        timings = alternate(commands(path, place, binaries), 5, TIMEOUT, within=seconds / len(workloads))
        lines += rows(title, size, timings, max(speed, limit()))
        turns.append(max(timing.runs for timing in timings.values()))
    load = os.getloadavg()[2]
    busy = f"Runs of each: {' and '.join(map(str, turns))}. "
    busy += f"Load average of the last quarter of an hour: {load:.1f}, on {processors} processors."
    if load > 1.5 * processors:
        busy += " The machine was busy: CPU seconds compare, seconds on the clock do not."
    text = "\n".join([*lines, "", busy, ""])
    print(text)
    if scale == 1:
        RESULTS.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
