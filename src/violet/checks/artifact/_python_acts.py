"""How bad each act of Python source is, depending on when it happens and whose code it is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from violet.domain import Confidence, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from violet.checks.base import Context
    from violet.domain import Finding
    from violet.formats.python_source.acts import Act

CRITICAL, HIGH, MEDIUM, LOW = Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM, Severity.LOW

HOSTILE = {
    "run-hidden": HIGH,
    "run-download": CRITICAL,
    "run-received": CRITICAL,
    "reverse-shell": CRITICAL,
    "hostile-command": CRITICAL,
    "steal-environment": CRITICAL,
    "steal-credentials": CRITICAL,
    "drop-run": CRITICAL,
    "destroy": HIGH,
    "persist": HIGH,
    "hidden-name": HIGH,
    "object-walk": HIGH,
    "odd-encoding": HIGH,
    "off-screen": HIGH,
}
"""Acts that ordinary code has no reason for: as bad in a function as on import."""

BY_TIME: dict[str, tuple[Severity, Severity]] = {
    # kind: (severity in a function or script, severity on import)
    "send-host": (MEDIUM, HIGH),
    "shellcode": (MEDIUM, HIGH),
    "load-hidden": (LOW, MEDIUM),
    "load-download": (MEDIUM, HIGH),
    "import-hidden": (LOW, HIGH),
    "pickle-gadget": (MEDIUM, MEDIUM),
    "bidirectional": (MEDIUM, HIGH),
    "exfiltration-address": (MEDIUM, HIGH),
    "read-credentials": (LOW, MEDIUM),
    "command": (LOW, MEDIUM),
    "dynamic-code": (LOW, LOW),
    "install": (LOW, MEDIUM),
    "network": (LOW, MEDIUM),
    "native": (LOW, LOW),
    "deserialize": (LOW, LOW),
    "remote-code": (LOW, MEDIUM),
    "patch": (LOW, LOW),
    "write-file": (LOW, LOW),
    "delete-files": (LOW, LOW),
}
"""Acts that ordinary programs have reasons for."""

IN_MODEL_CODE: dict[str, Severity] = {
    "shellcode": CRITICAL,
    "command": HIGH,
    "pickle-gadget": HIGH,
    "import-hidden": HIGH,
    "load-hidden": HIGH,
    "load-download": HIGH,
    "exfiltration-address": HIGH,
    "send-host": HIGH,
    "read-credentials": HIGH,
    "install": HIGH,
    "bidirectional": HIGH,
    "network": MEDIUM,
    "dynamic-code": MEDIUM,
    "deserialize": MEDIUM,
    "remote-code": MEDIUM,
    "native": MEDIUM,
    "patch": MEDIUM,
    "write-file": LOW,
    "delete-files": MEDIUM,
}
"""The same in code that a model brings along: a network's layers have no business in any of it."""

BUILD_TOOLS = frozenset(
    [
        "git", "gcc", "g++", "cc", "c++", "clang", "meson", "cmake", "make", "ninja", "nvidia-smi", "nvcc", "uname",
        "ldconfig", "which", "where", "lscpu", "sysctl", "rocm-smi", "rocminfo", "hg", "svn", "swig", "pkg-config",
        "xcrun", "sw_vers", "lsb_release", "getconf", "locale", "stty", "tput", "ffmpeg", "ffprobe", "pdflatex", "dot",
        "fc-list", "fc-match", "system_profiler", "kpsewhich", "gs", "convert", "magick", "java", "Rscript", "julia",
        "llvm-config", "mpicc", "lspci", "ldd", "otool", "readelf", "file", "getent", "hostname", "df", "free",
        "grep", "wc", "ls", "date", "nproc",
    ]
)  # fmt: skip
"""Programs that real packages run while they are imported or built."""


def severity_of(act: Act, *, model_code: bool) -> Severity:
    """How bad an act is."""
    from violet.formats.python_source.acts import When

    if act.kind in HOSTILE:
        return HOSTILE[act.kind]
    if model_code and act.kind in IN_MODEL_CODE:
        return IN_MODEL_CODE[act.kind]
    usual, on_import = BY_TIME.get(act.kind, (LOW, LOW))
    if act.when is not When.IMPORT:
        return usual
    if act.kind == "command":
        return _command_on_import(act)
    if act.kind == "network" and "'" not in act.call:
        return usual  # an address that comes from elsewhere is no call home
    if act.kind == "load-hidden" and act.detail != "in plain sight":
        return HIGH
    return on_import


def _command_on_import(act: Act) -> Severity:
    """A program that a module runs as soon as it is imported: known build tools are usual."""
    if act.detail in BUILD_TOOLS:
        return LOW
    return HIGH if act.detail else MEDIUM


def _is_test(path: str) -> bool:
    """Test suites, examples and developers' tools build, run and load all kinds of things on purpose, and no
    model loads them."""
    return (
        re.search(
            r"(?:^|/)(?:tests?/|testing/|examples?/|benchmarks?/|docs/|tools/|test_[^/]*$|conftest\.py$)|_test\.py$",
            path,
        )
        is not None
    )


def findings(
    context: Context, acts: Iterable[Act], kinds: Iterable[str], *, model_code: str = "", where: str = ""
) -> Iterator[Finding]:
    """One finding for each act of these kinds. ``model_code`` names the configuration that has the code
    loaded with a model; ``where`` says in which part of the file it stands (a notebook's cell)."""
    from violet.formats.python_source.acts import KINDS, When

    moments = {
        When.IMPORT: "as soon as it is imported",
        When.SCRIPT: "when it is run",
        When.DEFINED: "when its function is called",
    }
    wanted = frozenset(kinds)
    for act in acts:
        if act.kind not in wanted:
            continue
        severity = severity_of(act, model_code=bool(model_code))
        if act.kind in BY_TIME and not model_code and _is_test(context.node.logical_path):
            severity = min(severity, MEDIUM)
        because = f" ({act.detail})" if act.detail and act.detail != act.call and len(act.detail) > 24 else ""
        loaded = f", which {model_code} has loaded with the model" if model_code else ""
        place = f" in {where}" if where else ""
        yield context.finding(
            f"The code{place}{loaded} {KINDS[act.kind]} {moments[act.when]}{because}.",
            evidence=act.call,
            key=f"{where}:{act.kind}:{act.call[:120]}",
            line=act.line or None,
            severity=severity,
            confidence=Confidence.HIGH if severity >= HIGH else Confidence.MEDIUM,
        )
