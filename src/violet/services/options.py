"""What a scan is asked to do: one frozen object for every face."""

from __future__ import annotations

from dataclasses import dataclass

IGNORE_FILE = ".violetignore"
WAIVERS = "violet.waivers"
"""The directory beside a configuration file that holds its waivers."""


class IgnoreSource:
    """Patterns of one origin, relative to the directory ``base``.

    For what lies elsewhere, patterns that were ``found`` by searching say nothing, and those of a file that
    was named on the command line are relative to the scanned root.
    """

    __slots__ = ("base", "found", "lines", "origin")

    def __init__(self, origin: str, lines: tuple[tuple[int, str], ...], base: str, found: bool = True) -> None:
        self.origin = origin
        self.lines = lines
        self.base = base
        self.found = found


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class ScanOptions:
    """``paths`` are files and directories, ``packages`` installed distributions or import names, of the
    environment ``python`` (an interpreter, an environment or its ``site-packages``; default: Violet's own).

    ``jobs`` is the number of worker processes (0: as many as processors); ``timeout`` is in seconds for one
    file (large files get more), ``memory`` in bytes for one worker; ``bounds`` overrides fields of
    ``violet.formats.source.Bounds`` by name; ``baseline`` is the path of an earlier report.
    """

    paths: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    deep: bool = False
    jobs: int = 0
    timeout: float = 120.0
    memory: int = 1 << 30
    baseline: str = ""
    ignore: tuple[IgnoreSource, ...] = ()
    bounds: tuple[tuple[str, int], ...] = ()
    configuration: tuple[str, ...] = ()
    """Paths of the configuration files in force that were found by searching."""
    python: str = ""
    intel: str = ""
    """The directory of imported advisories (``""``: the user's own)."""
