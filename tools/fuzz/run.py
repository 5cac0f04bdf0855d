"""Fuzz every parser with atheris, one after the other, each in a process of its own.

    python tools/fuzz/run.py [--seconds 60] [NAME...]

A target is a file ``tests/fuzz/fuzz_<name>.py`` with ``fuzz_one(data: bytes) -> None``, which raises where
the parser does what it must not. What breaks one is written to ``.fuzz/<name>/``.
"""

from __future__ import annotations

import argparse
import importlib.util
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
TARGETS = ROOT / "tests" / "fuzz"


def main() -> int:
    parser = argparse.ArgumentParser(description="Fuzz every parser.")
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--seconds", type=int, default=60, help="for each target")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.inside:
        return fuzz(arguments.names[0], arguments.seconds)
    names = arguments.names or sorted(path.stem.removeprefix("fuzz_") for path in TARGETS.glob("fuzz_*.py"))
    failed = []
    for name in names:
        print(f"fuzzing {name} for {arguments.seconds} s", flush=True)
        command = [sys.executable, __file__, name, "--inside", "--seconds", str(arguments.seconds)]
        if subprocess.run(command, cwd=ROOT, check=False).returncode:
            failed.append(name)
    print(f"{len(names)} targets, broken: {', '.join(failed) or 'none'}")
    return 1 if failed else 0


def fuzz(name: str, seconds: int) -> int:
    import atheris  # type: ignore[import-not-found]

    sys.path.insert(0, str(ROOT))
    with atheris.instrument_imports(include=["violet"]):
        spec = importlib.util.spec_from_file_location(f"fuzz_{name}", TARGETS / f"fuzz_{name}.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        module.fuzz_one(b"")
    corpus = ROOT / ".fuzz" / name
    corpus.mkdir(parents=True, exist_ok=True)
    options = [
        f"-max_total_time={seconds}",
        "-rss_limit_mb=2048",
        "-timeout=20",
        f"-artifact_prefix={corpus}/crash-",
    ]
    atheris.Setup([sys.argv[0], *options, str(corpus)], module.fuzz_one)
    atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main())
