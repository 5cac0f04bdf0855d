"""Importing exports into the database: a copy is changed, and put in the place of the old one at the end."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from violet.domain.errors import UsageError
from violet.domain.vulnerability import Advisory, ImportedSource
from violet.intel.osv import layout
from violet.intel.osv.database import Database, DatabaseError
from violet.intel.osv.entry import EntryError, parse_entry
from violet.intel.osv.sources import Raw, digest_of, read_source, size_of

if TYPE_CHECKING:
    import datetime
    from collections.abc import Callable

    Progress = Callable[[int, int, str], None]

SHOWN_PROBLEMS = 20
"""Refused entries of a source that are named; the others are counted."""

_BATCH = 2000


@dataclass(frozen=True, slots=True)
class Imported:
    """What came of one source: ``problems`` name the first entries that were refused, and why; ``again`` tells
    that this very content had been imported before."""

    source: ImportedSource
    problems: tuple[str, ...] = ()
    again: bool = False


def update(
    sources: Sequence[str],
    path: str,
    *,
    now: datetime.datetime,
    replace: bool = False,
    progress: Progress | None = None,
) -> tuple[Imported, ...]:
    """Import exports into the database at ``path``, which is made where there is none.

    Of two entries with one id the one modified later stays, so that importing again, or in another order, changes
    nothing. ``replace`` starts from an empty database. Either all sources are imported or nothing changes. Raises
    ``SourceError`` and ``DatabaseError``.
    """
    directory = os.path.dirname(path) or "."
    try:
        os.makedirs(directory, exist_ok=True)
    except OSError as error:
        raise UsageError(f"The directory {directory} cannot be made: {error.strerror}.", "Name another one.") from error
    temporary = f"{path}.{os.getpid()}.tmp"
    with _locked(directory):
        try:
            if os.path.exists(path) and not replace:
                Database(path).close()  # says what is wrong with it, if something is
                shutil.copyfile(path, temporary)
                writer = _Writer(temporary, now)
            else:
                writer = _Writer(temporary, now, create=True)
            with contextlib.closing(writer):
                found = tuple(writer.add(source, progress) for source in sources)
                if all(one.again for one in found) and os.path.exists(path):
                    return found
                writer.finish()
            _put_in_place(temporary, path)
        except sqlite3.Error as error:
            raise DatabaseError(f"The database of advisories {path} cannot be written ({error}).") from error
        except OSError as error:
            what = f"{path} cannot be written: {error.strerror}."
            raise UsageError(what, "Is there room, and permission?") from error
        finally:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(temporary)
    return found


@contextlib.contextmanager
def _locked(directory: str) -> Iterator[None]:
    """One import at a time."""
    with open(os.path.join(directory, "lock"), "a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise DatabaseError(f"Another import into {directory} is running.", "Wait until it has ended.") from None
        yield


def _put_in_place(temporary: str, path: str) -> None:
    with open(temporary, "rb") as file:
        os.fsync(file.fileno())
    os.replace(temporary, path)
    folder = os.open(os.path.dirname(path) or ".", os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


class _Writer:
    """The copy that is being changed."""

    def __init__(self, path: str, now: datetime.datetime, create: bool = False) -> None:
        import datetime

        self._now = now.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        self._connection = sqlite3.connect(path, isolation_level=None)
        execute = self._connection.execute
        execute("PRAGMA journal_mode = OFF")  # a copy that breaks is thrown away
        execute("PRAGMA synchronous = OFF")
        execute("PRAGMA cache_size = -262144")
        if create:
            execute("PRAGMA page_size = 8192")
            self._connection.executescript(layout.TABLES)
            execute(f"PRAGMA application_id = {layout.APPLICATION}")
            execute(f"PRAGMA user_version = {layout.VERSION}")
        execute("BEGIN")
        self._packages: dict[tuple[str, str], int] = {}
        self._rows: list[tuple[int, int, int, str]] = []
        self._aliases: list[tuple[str, int]] = []
        self._advisories: list[tuple[int, str, str, str, str, bytes]] = []
        self._pending: dict[str, tuple[int, str]] = {}
        self._next_advisory = self._one("SELECT COALESCE(MAX(number), 0) + 1 FROM advisory")
        self._next_package = self._one("SELECT COALESCE(MAX(number), 0) + 1 FROM package")
        self._replaced = 0

    def close(self) -> None:
        self._connection.close()

    def add(self, path: str, progress: Progress | None) -> Imported:
        """Import one source."""
        digest = digest_of(path)
        before = self._connection.execute("SELECT body FROM source WHERE digest = ?", (digest,)).fetchone()
        if before:
            return Imported(ImportedSource(**json.loads(before[0])), again=True)
        total = size_of(path) if progress is not None else 0
        counts = {"added": 0, "changed": 0, "unchanged": 0, "rejected": 0}
        problems: list[str] = []
        newest = ""
        done = 0
        for done, raw in enumerate(read_source(path), 1):
            if progress is not None and done % 500 == 0:
                progress(done, max(total, done), os.path.basename(path))
            try:
                outcome, modified = self._take(raw)
            except (EntryError, RecursionError) as error:
                outcome, modified = "rejected", ""
                if len(problems) < SHOWN_PROBLEMS:
                    reason = "it nests too deeply" if isinstance(error, RecursionError) else str(error)
                    problems.append(f"{raw.place}: {reason}")
            counts[outcome] += 1
            newest = max(newest, modified.rstrip("Z"))
            if len(self._advisories) >= _BATCH:
                self._flush()
        self._flush()
        name = os.path.abspath(path)
        source = ImportedSource(name, digest, self._now, f"{newest}Z" if newest else "", done, **counts)
        self._connection.execute("INSERT INTO source VALUES (?, ?)", (digest, json.dumps(asdict(source))))
        return Imported(source, tuple(problems))

    def _take(self, raw: Raw) -> tuple[str, str]:
        """What became of one value (``added``, ``changed``, ``unchanged``), and when it was modified."""
        if raw.problem:
            raise EntryError(raw.problem)
        if isinstance(raw.value, dict) and "id" not in raw.value and "vulnerabilities" in raw.value:
            return self._take_exploited(raw.value), ""
        advisory = parse_entry(raw.value)
        if advisory.id in self._pending:  # twice in one batch
            self._flush()
        known = self._connection.execute(
            "SELECT number, modified, rest FROM advisory WHERE id = ?", (advisory.id,)
        ).fetchone()
        if known is None:
            number, self._next_advisory = self._next_advisory, self._next_advisory + 1
            self._write(number, advisory)
            return "added", advisory.modified
        if known[1].rstrip("Z") >= advisory.modified.rstrip("Z"):
            return "unchanged", advisory.modified
        self._forget(known[0], advisory.id)
        self._write(known[0], advisory)
        return "changed", advisory.modified

    def _write(self, number: int, advisory: Advisory) -> None:
        parts: dict[int, int] = {}
        for ecosystem, name, body in layout.pack_affected(advisory):
            package = self._package(ecosystem, name)
            part = parts[package] = parts.get(package, -1) + 1
            self._rows.append((package, number, part, body))
        self._aliases.extend((alias, number) for alias in advisory.aliases)
        self._pending[advisory.id] = (number, advisory.modified)
        self._advisories.append(
            (number, advisory.id, advisory.modified, advisory.withdrawn, layout.pack_head(advisory),
             layout.pack_rest(advisory))
        )  # fmt: skip

    def _forget(self, number: int, name: str) -> None:
        """Remove what an older version of an advisory said."""
        head, rest, modified = self._connection.execute(
            "SELECT head, rest, modified FROM advisory WHERE number = ?", (number,)
        ).fetchone()
        old = layout.unpack(name, modified, "", head, rest)
        for ecosystem, package, _ in layout.pack_affected(old):
            self._connection.execute(
                "DELETE FROM affected WHERE package = ? AND advisory = ?", (self._package(ecosystem, package), number)
            )
        self._connection.executemany(
            "DELETE FROM alias WHERE name = ? AND advisory = ?", [(alias, number) for alias in old.aliases]
        )
        self._connection.execute("DELETE FROM advisory WHERE number = ?", (number,))
        self._replaced += 1

    def _package(self, ecosystem: str, name: str) -> int:
        key = (ecosystem, name)
        number = self._packages.get(key)
        if number is None:
            row = self._connection.execute(
                "SELECT number FROM package WHERE ecosystem = ? AND name = ?", key
            ).fetchone()
            if row:
                number = int(row[0])
            else:
                number, self._next_package = self._next_package, self._next_package + 1
                self._connection.execute("INSERT INTO package VALUES (?, ?, ?)", (number, *key))
            self._packages[key] = number
        return number

    def _flush(self) -> None:
        many = self._connection.executemany
        many(
            "INSERT INTO advisory (number, id, modified, withdrawn, head, rest) VALUES (?, ?, ?, ?, ?, ?)",
            self._advisories,
        )
        many("INSERT INTO affected VALUES (?, ?, ?, ?)", sorted(self._rows))
        many("INSERT OR IGNORE INTO alias VALUES (?, ?)", self._aliases)
        self._advisories.clear()
        self._rows.clear()
        self._aliases.clear()
        self._pending.clear()

    def _take_exploited(self, catalogue: dict[str, Any]) -> str:
        """CISA's catalogue of known exploited vulnerabilities, in its own JSON format."""
        items = catalogue["vulnerabilities"]
        if not isinstance(items, list) or not items:
            raise EntryError("its list of vulnerabilities is empty")
        rows = []
        for item in items:
            if not isinstance(item, dict) or not isinstance(item.get("cveID"), str):
                raise EntryError("it is neither an OSV entry nor a catalogue of known exploited vulnerabilities")
            rows.append((item["cveID"][:40], str(item.get("dateAdded", ""))[:20]))
        self._connection.executemany("INSERT OR REPLACE INTO exploited VALUES (?, ?)", rows)
        return "added"

    def finish(self) -> None:
        """Work out which advisories are about one problem, and what there is in all."""
        self._group()
        execute = self._connection.execute
        ecosystems = execute(
            "SELECT p.ecosystem, COUNT(DISTINCT a.advisory), COUNT(DISTINCT p.number)"
            " FROM affected a JOIN package p ON p.number = a.package JOIN advisory v ON v.number = a.advisory"
            " WHERE v.withdrawn = '' GROUP BY p.ecosystem ORDER BY p.ecosystem"
        ).fetchall()
        counts = {
            "advisories": self._one("SELECT COUNT(*) FROM advisory WHERE withdrawn = ''"),
            "withdrawn": self._one("SELECT COUNT(*) FROM advisory WHERE withdrawn <> ''"),
            "exploited": self._one("SELECT COUNT(*) FROM exploited"),
            "ecosystems": ecosystems,
        }
        newest = max((row[0].rstrip("Z") for row in execute("SELECT modified FROM advisory")), default="")
        meta = {"counts": json.dumps(counts), "imported": self._now, "newest": f"{newest}Z" if newest else ""}
        self._connection.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", list(meta.items()))
        execute("COMMIT")
        if self._replaced > self._next_advisory // 4:
            execute("VACUUM")

    def _group(self) -> None:
        """Aliases are symmetric and transitive (OSV format, "aliases field"): those that hang together get the
        number of the first of them. Withdrawn entries join nothing: many were withdrawn for being wrong."""
        parents: dict[int, int] = {}

        def root(number: int) -> int:
            while (parent := parents.setdefault(number, number)) != number:
                parents[number] = parents[parent]
                number = parent
            return number

        pairs = (
            "SELECT a.advisory, v.number FROM alias a JOIN advisory v ON v.id = a.name"
            " JOIN advisory w ON w.number = a.advisory WHERE v.withdrawn = '' AND w.withdrawn = ''"
        )
        for first, second in self._connection.execute(pairs):
            one, two = sorted((root(first), root(second)))
            parents[two] = one
        shared = (
            "SELECT a.name, a.advisory FROM alias a JOIN advisory w ON w.number = a.advisory"
            " WHERE w.withdrawn = '' ORDER BY a.name"
        )
        last: tuple[str, int] | None = None
        for name, advisory in self._connection.execute(shared):
            if last is not None and last[0] == name:
                one, two = sorted((root(last[1]), root(advisory)))
                parents[two] = one
            last = (name, advisory)
        self._connection.execute("UPDATE advisory SET problem = NULL WHERE problem IS NOT NULL")
        self._connection.executemany(
            "UPDATE advisory SET problem = ? WHERE number = ?", [(root(number), number) for number in list(parents)]
        )

    def _one(self, statement: str) -> int:
        (found,) = self._connection.execute(statement).fetchone()
        return int(found)
