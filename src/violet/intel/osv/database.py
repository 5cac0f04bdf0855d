"""Looking advisories up. The file is only ever read here; ``importer`` puts a new one in its place."""

from __future__ import annotations

import json
import os
import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from violet.domain.errors import VioletError
from violet.domain.vulnerability import Advisory, DatabaseState, EcosystemCount, ImportedSource
from violet.intel.osv import layout

if TYPE_CHECKING:
    from collections.abc import Iterator


_MOST_REMEMBERED = 20_000
"""Problems whose names are kept at hand."""


class MissingDatabaseError(VioletError):
    """Nothing has been imported: nothing can be said about any component."""

    exit_code = 3


class DatabaseError(VioletError):
    """The database of advisories cannot be used."""

    exit_code = 3


@dataclass(frozen=True, slots=True)
class Row:
    """One package of one advisory, as it lies in the database: ``head`` and ``body`` are JSON texts of
    ``layout``; ``problem`` is shared by advisories that are aliases of each other (``None``: there are no others)."""

    number: int
    id: str
    modified: str
    withdrawn: str
    problem: int | None
    head: str
    body: str


_FIND = """
SELECT v.number, v.id, v.modified, v.withdrawn, v.problem, v.head, a.body
FROM package p JOIN affected a ON a.package = p.number JOIN advisory v ON v.number = a.advisory
WHERE p.ecosystem = ? AND p.name = ? ORDER BY v.number, a.part
"""


class Database:
    """Advisories by package and by name. Close it, or use it in a ``with`` statement."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._exploited: frozenset[str] | None = None
        self._ecosystems: dict[str, bool] = {}
        self._names: dict[int, tuple[str, ...]] = {}
        if not os.path.isfile(path):
            raise MissingDatabaseError(
                f"No advisories are imported ({path} does not exist).", "Run: violet intel update FILE"
            )
        try:
            # Immutable: an import replaces the file and never writes into it, so there is nothing to lock.
            uri = f"file:{_escaped(os.path.abspath(path))}?mode=ro&immutable=1"
            self._connection = sqlite3.connect(uri, uri=True, check_same_thread=False)
            self._check()
        except sqlite3.Error as error:
            raise self._broken(error) from error

    def __enter__(self) -> Database:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._connection.close()

    def rows(self, ecosystem: str, name: str) -> list[Row]:
        """What is said about a package. Both names are as ``violet.intel.packages`` gives them."""
        return [Row(*found) for found in self._all(_FIND, ecosystem, name)]

    def knows_ecosystem(self, ecosystem: str) -> bool:
        """Whether advisories about any package of it were imported; if not, a package without any is not clean."""
        if ecosystem not in self._ecosystems:
            found = self._all("SELECT 1 FROM package WHERE ecosystem = ? LIMIT 1", ecosystem)
            self._ecosystems[ecosystem] = bool(found)
        return self._ecosystems[ecosystem]

    def names_of(self, problem: int) -> tuple[str, ...]:
        """The ids and aliases of all advisories about one problem, withdrawn ones left out."""
        if problem in self._names:
            return self._names[problem]
        found: dict[str, None] = {}
        rows = self._all("SELECT id, head FROM advisory WHERE problem = ? AND withdrawn = ''", problem)
        for number, _ in rows:
            found[number] = None
        for _, head in rows:
            found.update(dict.fromkeys(json.loads(head)[0]))
        if len(self._names) >= _MOST_REMEMBERED:
            self._names.clear()
        self._names[problem] = tuple(found)
        return self._names[problem]

    def advisories(self, name: str) -> tuple[Advisory, ...]:
        """The advisory called ``name``, and those that have it as an alias."""
        columns = "id, modified, withdrawn, head, rest"
        rows = self._all(f"SELECT {columns} FROM advisory WHERE id = ?", name)
        rows += self._all(
            f"SELECT {columns} FROM advisory WHERE number IN (SELECT advisory FROM alias WHERE name = ?) AND id <> ?"
            " ORDER BY id",
            name,
            name,
        )
        return tuple(layout.unpack(*row) for row in rows)

    @property
    def exploited(self) -> frozenset[str]:
        """Names of vulnerabilities that are known to be exploited."""
        if self._exploited is None:
            self._exploited = frozenset(name for (name,) in self._all("SELECT name FROM exploited"))
        return self._exploited

    def state(self) -> DatabaseState:
        """What is in it, and how old that is."""
        meta = dict(self._all("SELECT key, value FROM meta"))
        counts = json.loads(meta.get("counts", "{}"))
        sources = sorted(
            (ImportedSource(**json.loads(body)) for (body,) in self._all("SELECT body FROM source")),
            key=lambda source: (source.imported, source.name),
        )
        return DatabaseState(
            path=self.path,
            size=os.path.getsize(self.path),
            advisories=counts.get("advisories", 0),
            withdrawn=counts.get("withdrawn", 0),
            exploited=counts.get("exploited", 0),
            imported=meta.get("imported", ""),
            newest=meta.get("newest", ""),
            ecosystems=tuple(EcosystemCount(*entry) for entry in counts.get("ecosystems", ())),
            sources=tuple(sources),
        )

    def packages(self, ecosystem: str) -> Iterator[str]:
        """Names of the packages that advisories of an ecosystem are about."""
        for (name,) in self._all("SELECT name FROM package WHERE ecosystem = ? ORDER BY name", ecosystem):
            yield name

    def _all(self, statement: str, *values: Any) -> list[Any]:
        try:
            return self._connection.execute(statement, values).fetchall()
        except sqlite3.Error as error:
            raise self._broken(error) from error

    def _check(self) -> None:
        self._connection.execute("PRAGMA trusted_schema = OFF")
        self._connection.execute("PRAGMA query_only = ON")
        (application,) = self._connection.execute("PRAGMA application_id").fetchone()
        (version,) = self._connection.execute("PRAGMA user_version").fetchone()
        if application != layout.APPLICATION:
            raise DatabaseError(
                f"{self.path} is no database of advisories.", "Remove it, and run: violet intel update FILE"
            )
        if version != layout.VERSION:
            raise DatabaseError(
                f"{self.path} was written by another version of Violet (layout {version}).",
                "Import anew: violet intel update --replace FILE",
            )

    def _broken(self, error: sqlite3.Error) -> DatabaseError:
        return DatabaseError(
            f"The database of advisories {self.path} cannot be read ({error}).",
            "Import anew: violet intel update --replace FILE",
        )


def _escaped(path: str) -> str:
    from urllib.parse import quote

    return quote(os.fsencode(path))
