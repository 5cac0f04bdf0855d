"""The scanners that Violet is measured against, each in an environment of its own."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import venv
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

HOME = Path(os.environ.get("VIOLET_BENCH_HOME", Path(__file__).parent.parent / ".benchmarks"))


@dataclass(frozen=True, slots=True)
class Peer:
    """``requirements`` for pip; ``command`` scans one path as a user would; ``found`` says which of the files
    it names as unsafe, ``loud`` which it at least warns of, fails on, or says it skipped."""

    name: str
    requirements: tuple[str, ...]
    command: Callable[[str, Path], Sequence[str]]
    verdicts: Callable[[str, Sequence[Path]], tuple[set[Path], set[Path]]]
    startup: Callable[[str], Sequence[str]]


def environment(name: str, requirements: Sequence[str]) -> str:
    """The ``bin`` directory of a peer's environment, made when it is missing; ``requirements`` are for pip."""
    home = HOME / "peers" / name
    stamp = home / "installed.txt"
    wanted = "\n".join(requirements)
    if not stamp.exists() or stamp.read_text() != wanted:
        print(f"installing {', '.join(requirements)}", file=sys.stderr)
        venv.create(home, with_pip=True, clear=True)
        subprocess.run([home / "bin" / "pip", "install", "-q", *requirements], check=True)
        stamp.write_text(wanted)
    return str(home / "bin")


def output(command: Sequence[str], timeout: float = 1200) -> tuple[str, int]:
    """Standard output (and error, behind it) and the exit code; 124 where it ran out of time."""
    try:
        done = subprocess.run(command, capture_output=True, timeout=timeout, stdin=subprocess.DEVNULL, check=False)
    except subprocess.TimeoutExpired:
        return "", 124
    return done.stdout.decode("utf-8", "replace") + done.stderr.decode("utf-8", "replace"), done.returncode


def _each(files: Sequence[Path], ask: Callable[[Path], tuple[bool, bool]]) -> tuple[set[Path], set[Path]]:
    """One process a file, two at a time: verdicts, not times, are asked for."""
    found: set[Path] = set()
    loud: set[Path] = set()
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(ask, files))
    for path, (is_found, is_loud) in zip(files, answers, strict=True):
        if is_found:
            found.add(path)
        if is_found or is_loud:
            loud.add(path)
    return found, loud


def _modelscan(binaries: str, files: Sequence[Path]) -> tuple[set[Path], set[Path]]:
    """Exit codes: 0 nothing found, 1 issues, 2 errors, 3 no supported file."""

    def ask(path: Path) -> tuple[bool, bool]:
        _, code = output([f"{binaries}/modelscan", "-p", str(path)], 120)
        return code == 1, code != 0

    return _each(files, ask)


def _picklescan(binaries: str, files: Sequence[Path]) -> tuple[set[Path], set[Path]]:
    def ask(path: Path) -> tuple[bool, bool]:
        _, code = output([f"{binaries}/picklescan", "-p", str(path)], 120)
        return code == 1, code != 0

    return _each(files, ask)


def _fickling(binaries: str, files: Sequence[Path]) -> tuple[set[Path], set[Path]]:
    """``--check-safety`` writes its verdict as JSON; likely unsafe and up counts as found."""

    def ask(path: Path) -> tuple[bool, bool]:
        if not path.is_file():
            return False, False
        report = HOME / f"fickling-{path.parent.name}.json"
        report.unlink(missing_ok=True)
        _, code = output([f"{binaries}/fickling", "--check-safety", "--json-output", str(report), str(path)], 120)
        try:
            severity = json.loads(report.read_text())["severity"]
        except (OSError, ValueError, KeyError, TypeError):
            return False, code != 0
        found = severity in ("LIKELY_UNSAFE", "LIKELY_OVERTLY_MALICIOUS", "OVERTLY_MALICIOUS")
        return found, severity != "LIKELY_SAFE"

    return _each(files, ask)


def _modelaudit(level: str) -> Callable[[str, Sequence[Path]], tuple[set[Path], set[Path]]]:
    def verdicts(binaries: str, files: Sequence[Path]) -> tuple[set[Path], set[Path]]:
        found: set[Path] = set()
        loud: set[Path] = set()
        for start in range(0, len(files), 40):
            part = files[start : start + 40]
            text, _ = output([f"{binaries}/modelaudit", "scan", "--format", "json", *map(str, part)], 1200)
            issues = _issues(text)
            for path in part:
                severities = {s for location, s in issues if re.match(re.escape(str(path)) + r"($|[^\w.-])", location)}
                if severities & ({"critical"} if level == "critical" else {"critical", "warning"}):
                    found.add(path)
                if severities - {"debug"}:
                    loud.add(path)
        return found, loud | found

    return verdicts


def _issues(text: str) -> list[tuple[str, str]]:
    start = text.find("{")
    try:
        report, _ = json.JSONDecoder().raw_decode(text[start:])
    except ValueError:
        return []
    return [(str(i.get("location") or ""), str(i.get("severity"))) for i in report.get("issues", [])]


def violet(binaries: str, files: Sequence[Path], threshold: Iterable[str]) -> tuple[set[Path], set[Path]]:
    """One run over all files, by its JSON report."""
    wanted = set(threshold)
    text, _ = output([f"{binaries}/violet", "scan", "--format", "json", "--no-progress", *map(str, files)])
    start = text.find("{")
    report, _ = json.JSONDecoder().raw_decode(text[start:])
    found: set[Path] = set()
    loud: set[Path] = set()
    by_name = {str(path): path for path in files}

    def owner(shown: str) -> Path | None:
        name = shown.partition("!")[0]
        while name and name not in by_name:
            name = name.rpartition("/")[0]
        return by_name.get(name)

    for finding in report["findings"]:
        path = owner(finding["path"])
        if path and finding["severity"] in wanted:
            found.add(path)
        if path and finding["severity"] != "info":
            loud.add(path)
    for other in (*report["skipped"], *report["failed"]):
        if path := owner(other["path"]):
            loud.add(path)
    return found, loud


PEERS = (
    Peer(
        "modelscan",
        ("modelscan==0.8.8",),
        lambda b, path: [f"{b}/modelscan", "-p", str(path)],
        _modelscan,
        lambda b: [f"{b}/modelscan", "--version"],
    ),
    Peer(
        "picklescan",
        ("picklescan==1.0.5",),
        lambda b, path: [f"{b}/picklescan", "-p", str(path)],
        _picklescan,
        lambda b: [f"{b}/picklescan", "--help"],
    ),
    Peer(
        "fickling",
        ("fickling==0.1.12", "typing_extensions"),
        lambda b, path: [f"{b}/fickling", "--check-safety", str(path)],
        _fickling,
        lambda b: [f"{b}/fickling", "--version"],
    ),
    Peer(
        "modelaudit",
        ("modelaudit==0.2.54",),
        lambda b, path: [f"{b}/modelaudit", "scan", str(path)],
        _modelaudit("warning"),
        lambda b: [f"{b}/modelaudit", "--version"],
    ),
)
