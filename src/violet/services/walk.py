"""Which files a scan examines, under which names, and what it leaves out and why."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from violet.domain import Confidence, Failed, Finding, Location, Outcome, Skipped, UsageError
from violet.services.ignore import IgnoreRule, deciding_rule, parse_rule
from violet.services.options import IGNORE_FILE, IgnoreSource

if TYPE_CHECKING:
    from collections.abc import Sequence

LEFT_OUT = {
    ".git": "version control",
    ".hg": "version control",
    ".svn": "version control",
    "__pycache__": "bytecode cache",
}
"""Directories that are not entered, by name, and why."""

DEEPEST = 200
"""Directories within directories."""

CACHE_KINDS = ("models--", "datasets--", "spaces--")
"""How the directories of repositories in a Hugging Face cache begin."""

SETTINGS = (IGNORE_FILE, "violet.toml")

_KINDS = {
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a character device",
    stat.S_IFBLK: "a block device",
}


class Target:
    """A file to examine: ``path`` opens it, ``shown`` is what users see, ``logical`` goes into fingerprints,
    ``root`` is the directory its references may not leave. ``size`` in bytes."""

    __slots__ = ("logical", "path", "root", "shown", "size")

    def __init__(self, path: str, shown: str, logical: str, root: str, size: int) -> None:
        self.path = path
        self.shown = shown
        self.logical = logical
        self.root = root
        self.size = size


class Walk:
    """Collects targets and the outcomes of walking itself."""

    def __init__(self, ignore: Sequence[IgnoreSource] = (), obeyed: Sequence[str] = ()) -> None:
        self.targets: list[Target] = []
        self.outcomes: list[Outcome] = []
        self.ignored = 0
        self._sources = [(s, _parse(s)) for s in ignore]
        self._obeyed = {os.path.realpath(path) for path in obeyed}
        self._names: dict[tuple[int, int, str], str] = {}
        self._inodes: set[tuple[int, int]] = set()
        self._directories: set[tuple[int, int]] = set()
        self._root = ""
        self._real_root = ""
        self._rules: list[tuple[str, str, str, list[IgnoreRule]]] = []

    def add(self, path: str) -> None:
        """A file or directory named by the user. Raises ``UsageError`` where there is none."""
        try:
            status = os.stat(path)
        except (OSError, ValueError) as error:
            if os.path.islink(path):
                raise UsageError(f"{path!r} is a symbolic link to nothing.") from error
            what = getattr(error, "strerror", None) or str(error)
            raise UsageError(
                f"{path!r} cannot be scanned: {what}.", "Give a file or a directory that exists."
            ) from error
        if stat.S_ISDIR(status.st_mode):
            self._set_root(path)
            self._directory(path, "", 0, (status.st_dev, status.st_ino))
            return
        name = os.path.basename(os.path.normpath(path))
        self._set_root(os.path.dirname(path) or ".")
        self._file(path, path, name, status)

    def add_listed(self, root: str, files: Sequence[str]) -> None:
        """Files of an installed package: ``files`` are relative to ``root``, POSIX."""
        self._set_root(root)
        left_out: set[str] = set()
        for relative in sorted(files):
            cut = next((part for part in relative.split("/") if part in LEFT_OUT), "")
            path = os.path.join(root, *relative.split("/"))
            if cut:
                folder = relative[: relative.index(cut) + len(cut)]
                if folder not in left_out:
                    left_out.add(folder)
                    self._left_out(os.path.join(root, folder), cut)
                continue
            try:
                status = os.stat(path)
            except OSError as error:
                self.outcomes.append(Failed(Location(path), f"is listed but cannot be opened: {error.strerror}"))
                continue
            self._file(path, path, relative, status)

    def finish(self) -> None:
        """Tell apart targets that different roots give the same logical path."""
        seen: dict[str, int] = {}
        for target in self.targets:
            seen[target.logical] = seen.get(target.logical, 0) + 1
        for target in self.targets:
            if seen[target.logical] > 1:
                target.logical = os.path.normpath(target.shown).replace(os.sep, "/")

    def _set_root(self, path: str) -> None:
        self._root = path
        self._real_root = os.path.realpath(path)
        self._rules = []
        for source, rules in self._sources:
            base = os.path.realpath(source.base)
            below, above = _relative(base, self._real_root), _relative(self._real_root, base)
            if below is not None:
                self._rules.append((source.origin, "" if below == "." else f"{below}/", "", rules))
            elif above is not None:
                self._rules.append((source.origin, "", f"{above}/", rules))
            elif not source.found:
                self._rules.append((source.origin, "", "", rules))

    def _directory(self, path: str, relative: str, depth: int, identity: tuple[int, int]) -> None:
        if identity in self._directories:
            return
        self._directories.add(identity)
        if depth > DEEPEST:
            self.outcomes.append(Skipped(Location(path), f"lies more than {DEEPEST} directories deep", "directory"))
            return
        try:
            with os.scandir(path) as listing:
                entries = sorted(listing, key=lambda e: e.name)
        except OSError as error:
            self.outcomes.append(Failed(Location(path), f"the directory cannot be read: {error.strerror or error}"))
            return
        if _is_cache_repository(path, entries):
            entries.sort(key=lambda e: (e.name == "blobs", e.name))
        for entry in entries:
            self._entry(entry, f"{relative}/{entry.name}" if relative else entry.name, depth)

    def _entry(self, entry: os.DirEntry[str], relative: str, depth: int) -> None:
        shown = relative if self._root in (".", "") else os.path.join(self._root, relative)
        try:
            is_link = entry.is_symlink()
            is_directory = entry.is_dir()
        except OSError as error:
            self.outcomes.append(Failed(Location(shown), f"cannot be read: {error.strerror or error}"))
            return
        if entry.name in SETTINGS and not is_directory:
            self._settings(entry.path, shown, relative)
        if is_directory and entry.name in LEFT_OUT:
            self._left_out(shown, entry.name)
            return
        if self._is_ignored(relative, shown, is_directory and not is_link):
            return
        try:
            status = entry.stat()
        except OSError as error:
            what = "is a symbolic link to nothing" if is_link else f"cannot be read: {error.strerror or error}"
            self.outcomes.append(Failed(Location(shown), what))
            return
        home = _cache_home(entry.path) if is_link else ""
        if is_link:
            leaves = self._leaves_root(entry.path, shown, relative, home)
            if is_directory and not home:
                self._directory_link(shown, leaves)
                return
        if is_directory:
            self._directory(entry.path, relative, depth + 1, (status.st_dev, status.st_ino))
            return
        self._file(entry.path, shown, relative, status, home)

    def _file(self, path: str, shown: str, relative: str, status: os.stat_result, root: str = "") -> None:
        if not stat.S_ISREG(status.st_mode):
            kind = _KINDS.get(stat.S_IFMT(status.st_mode), "not a regular file")
            self.outcomes.append(Skipped(Location(shown), f"is {kind}, not a file", "special file"))
            return
        name = relative.rpartition("/")[2]
        inode = (status.st_dev, status.st_ino)
        first = self._names.setdefault((*inode, name), shown)
        if first != shown:
            self.outcomes.append(Skipped(Location(shown), f"is the same file as {first}", "duplicate"))
            return
        if inode in self._inodes and _is_blob(path):
            return
        self._inodes.add(inode)
        self.targets.append(Target(path, shown, relative.replace(os.sep, "/"), root or self._root, status.st_size))

    def _is_ignored(self, relative: str, shown: str, is_directory: bool) -> bool:
        decided: tuple[str, IgnoreRule] | None = None
        for origin, prefix, only_below, rules in self._rules:
            if not relative.startswith(only_below):
                continue
            rule = deciding_rule(rules, prefix + relative[len(only_below) :], is_directory)
            if rule is not None:
                decided = (origin, rule)
        if decided is None or decided[1].negated:
            return False
        origin, rule = decided
        self.ignored += 1
        self.outcomes.append(Skipped(Location(shown), f"ignored by {origin}:{rule.line}", "ignored"))
        return True

    def _left_out(self, shown: str, name: str) -> None:
        what = LEFT_OUT[name]
        self.outcomes.append(
            Skipped(Location(shown), f"{what} directories are not entered unless they are named", what)
        )

    def _directory_link(self, shown: str, leaves: bool) -> None:
        reason = "is a symbolic link to a directory, and those are not followed"
        what = "directory link" if leaves else "duplicate"
        self.outcomes.append(Skipped(Location(shown), reason, what))

    def _leaves_root(self, path: str, shown: str, relative: str, home: str) -> bool:
        target = os.path.realpath(path)
        if _relative(self._real_root, target) is not None or home:
            return False
        from violet.services.rules.link_leaves_root import RULE

        self.outcomes.append(
            Finding(
                rule=RULE.id,
                severity=RULE.severity,
                confidence=Confidence.HIGH,
                message="This symbolic link leads out of the scanned directory.",
                location=Location(shown),
                evidence=f"-> {os.readlink(path)}",
                fix=RULE.fix,
                techniques=RULE.techniques,
                key="link",
                logical_path=relative,
            )
        )
        return True

    def _settings(self, path: str, shown: str, relative: str) -> None:
        from violet.services.rules.scan_settings_in_target import RULE

        if os.path.realpath(path) in self._obeyed:
            message = "These settings lie inside what is scanned, and are in force because you stand there."
        else:
            message = "These settings lie inside what is scanned, and were not obeyed."
        self.outcomes.append(
            Finding(
                rule=RULE.id,
                severity=RULE.severity,
                confidence=Confidence.HIGH,
                message=message,
                location=Location(shown),
                fix=RULE.fix,
                techniques=RULE.techniques,
                key="settings",
                logical_path=relative,
            )
        )


def _parse(source: IgnoreSource) -> list[IgnoreRule]:
    return [rule for number, text in source.lines if (rule := parse_rule(text, number)) is not None]


def _relative(base: str, path: str) -> str | None:
    """``path`` relative to ``base`` (both real), ``None`` where it is not inside."""
    if path == base:
        return "."
    base = base.rstrip(os.sep) + os.sep
    return path[len(base) :].replace(os.sep, "/") if path.startswith(base) else None


def _is_cache_repository(path: str, entries: list[os.DirEntry[str]]) -> bool:
    if not os.path.basename(os.path.abspath(path)).startswith(CACHE_KINDS):
        return False
    names = {entry.name for entry in entries}
    return "blobs" in names and "snapshots" in names


def _cache_home(link: str) -> str:
    """The directory of the cached repository, where ``link`` is a snapshot's link to a blob of the same
    one."""
    path = os.path.abspath(link)
    before, found, _ = path.rpartition(f"{os.sep}snapshots{os.sep}")
    if not found or not os.path.basename(before).startswith(CACHE_KINDS):
        return ""
    home = os.path.realpath(before)
    return home if _relative(home, os.path.realpath(path)) is not None else ""


def _is_blob(path: str) -> bool:
    parent, _, _ = os.path.abspath(path).rpartition(os.sep)
    home, name = os.path.split(parent)
    return name == "blobs" and os.path.basename(home).startswith(CACHE_KINDS)
