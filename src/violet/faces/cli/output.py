"""Where reports go: standard output, files, or both."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass

from violet.domain import UsageError

SUFFIXES = {
    ".json": "json",
    ".sarif": "sarif",
    ".xml": "junit",
    ".md": "markdown",
    ".markdown": "markdown",
    ".html": "html",
    ".htm": "html",
    ".txt": "console",
}


@dataclass(slots=True, eq=False)
class Plan:
    """The format for standard output (``""``: nothing), and for each file."""

    standard: str
    files: tuple[tuple[str, str], ...]

    @property
    def formats(self) -> tuple[str, ...]:
        wanted = (self.standard, *(fmt for _, fmt in self.files))
        return tuple(dict.fromkeys(fmt for fmt in wanted if fmt))


def plan(fmt: str, outputs: list[str], quiet: bool) -> Plan:
    """One file takes the format that was asked for; several take it by their suffixes. The console report
    goes to standard output unless another one does. Raises ``UsageError`` for a file that cannot be."""
    standard = "console"
    if not outputs:
        standard = fmt or "console"
        files: tuple[tuple[str, str], ...] = ()
    elif len(outputs) == 1 and fmt:
        files = ((outputs[0], fmt),)
    else:
        standard = fmt or "console"
        files = tuple((path, _by_suffix(path)) for path in outputs)
    if quiet and standard == "console":
        standard = ""
    for path, _ in files:
        folder = os.path.dirname(path) or "."
        if not os.path.isdir(folder):
            raise UsageError(f"The directory {folder} does not exist.", "Make it, or write somewhere else.")
        if os.path.isdir(path):
            raise UsageError(f"{path} is a directory.", "Give the name of a file.")
    return Plan(standard, files)


def _by_suffix(path: str) -> str:
    suffix = os.path.splitext(path)[1].lower()
    if suffix not in SUFFIXES:
        raise UsageError(
            f"The name {path} does not say which format to write.",
            f"End it in one of {' '.join(SUFFIXES)}, or give --format.",
        )
    return SUFFIXES[suffix]


def write_text(path: str, text: str) -> None:
    """Replace the file in one step: a reader never sees half a report. What is no file (``/dev/null``, a pipe) is
    written to instead: replacing it would break it for everybody."""
    temporary = f"{path}.{os.getpid()}.tmp"
    try:
        if os.path.exists(path) and not os.path.isfile(path):
            with open(path, "w", encoding="utf-8", newline="\n") as device:
                device.write(text)
            return
        with open(temporary, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        os.replace(temporary, path)
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}.") from error


def use_color(choice: str) -> bool:
    """``auto`` is colour on a terminal, where neither ``NO_COLOR`` nor ``TERM=dumb`` says otherwise."""
    if choice != "auto":
        return choice == "always"
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def terminal_width() -> int | None:
    """Cells of the terminal that standard output is; ``None`` where it is none."""
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns or None
    except (OSError, ValueError):
        return None
