"""Where reports go: standard output, files, or both."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from violet.domain import UsageError

if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Sequence

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


class Plan:
    """The format for standard output (``""``: nothing), and for each file."""

    __slots__ = ("files", "standard")

    def __init__(self, standard: str, files: tuple[tuple[str, str], ...]) -> None:
        self.standard = standard
        self.files = files

    @property
    def formats(self) -> tuple[str, ...]:
        wanted = (self.standard, *(fmt for _, fmt in self.files))
        return tuple(dict.fromkeys(fmt for fmt in wanted if fmt))


def plan(fmt: str, outputs: list[str], quiet: bool, suffixes: dict[str, str] = SUFFIXES) -> Plan:
    """One file takes the format that was asked for; several take it by their suffixes. The console report
    goes to standard output unless another one does. Raises ``UsageError`` for a file that cannot be."""
    for path in outputs:
        require_writable(path)
    standard = "console"
    if not outputs:
        standard = fmt or "console"
        files: tuple[tuple[str, str], ...] = ()
    elif len(outputs) == 1 and fmt:
        files = ((outputs[0], fmt),)
    else:
        standard = fmt or "console"
        files = tuple((path, _by_suffix(path, suffixes)) for path in outputs)
    if quiet and standard == "console":
        standard = ""
    return Plan(standard, files)


def chosen(fmt: str | None, output: str, formats: tuple[str, ...], suffixes: dict[str, str] = SUFFIXES) -> str:
    """What a command with one result writes: the format that was asked for, or the one that the file's name ends in,
    or the console's. Raises ``UsageError`` for a name that says none of ``formats``, and where it cannot be written."""
    if output:
        require_writable(output)
    if fmt or not output:
        return fmt or "console"
    return _by_suffix(output, {end: which for end, which in suffixes.items() if which in formats})


def deliver(text: str, output: str, what: str = "") -> None:
    """Write one result to standard output, or to a file: then one line says so, with ``what`` there is to say."""
    if not output:
        sys.stdout.write(text)
        return
    write_text(output, text)
    from violet.report.visible import visible

    print(visible(f"Wrote {output}{': ' if what else '.'}{what}"))


def require_writable(path: str) -> None:
    """To be asked before the work is done. Raises ``UsageError`` for a file that cannot be."""
    folder = os.path.dirname(path) or "."
    if not os.path.isdir(folder):
        raise UsageError(f"The directory {folder} does not exist.", "Make it, or write somewhere else.")
    if os.path.isdir(path):
        raise UsageError(f"{path} is a directory.", "Give the name of a file.")


def _by_suffix(path: str, suffixes: dict[str, str] = SUFFIXES) -> str:
    lowered = path.lower()
    found = next((which for end, which in suffixes.items() if lowered.endswith(end)), "")
    if not found:
        raise UsageError(
            f"The name {path} does not say which format to write.",
            f"End it in one of {' '.join(suffixes)}, or give --format.",
        )
    return found


def write_text(path: str, text: str) -> None:
    """Replace the file in one step: a reader never sees half a report. What is no file (``/dev/null``, a pipe) is
    written to instead: replacing it would break it for everybody."""
    try:
        if os.path.exists(path) and not os.path.isfile(path):
            with open(path, "w", encoding="utf-8", newline="\n") as device:
                device.write(text)
            return
        from violet.domain.whole_file import whole_file

        with whole_file(path) as whole:
            whole.write(text.encode())
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}.") from error


def use_color(choice: str) -> bool:
    """``auto`` is colour on a terminal, where neither ``NO_COLOR`` nor ``TERM=dumb`` says otherwise."""
    if choice != "auto":
        return choice == "always"
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def terminal_width() -> int | None:
    """Cells of the terminal that standard output is; ``None`` where it is none. ``COLUMNS`` says otherwise."""
    wanted = os.environ.get("COLUMNS", "")
    if wanted.isascii() and wanted.isdigit() and len(wanted) < 6 and int(wanted):
        return int(wanted)
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns or None
    except (OSError, ValueError):
        return None


def add_report_arguments(parser: ArgumentParser, formats: Sequence[str]) -> None:
    """The options of every command that makes a report, in several files if need be."""
    shown = parser.add_argument_group("report")
    shown.add_argument("--format", choices=formats, help="default: console")
    shown.add_argument(
        "--output",
        action="append",
        default=[],
        metavar="FILE",
        help="write it there; may be repeated, the suffix decides",
    )
    shown.add_argument("--color", choices=("auto", "always", "never"), default="auto")
    shown.add_argument(
        "--quiet", action="store_true", help="no report on standard output but one asked for by --format"
    )
    shown.add_argument("--no-progress", action="store_true", help="no progress line on a terminal")
