"""Keep advisories: import exports, say what is there, show one."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import TYPE_CHECKING

from violet.domain import UsageError
from violet.intel.osv import database_path, open_database
from violet.services.vulnerabilities import age_days, database_directory, state_warnings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from violet.domain.vulnerability import Advisory, DatabaseState
    from violet.intel.osv.importer import Imported, Progress
    from violet.services.configuration import Configuration


@dataclass(frozen=True, slots=True)
class AdvisoriesState:
    """What is imported; ``age_days`` since the last import; ``warnings`` in plain sentences."""

    state: DatabaseState
    age_days: float | None
    warnings: tuple[str, ...]


def update(
    configuration: Configuration,
    files: Sequence[str],
    *,
    directory: str = "",
    now: datetime.datetime,
    replace: bool = False,
    progress: Progress | None = None,
) -> tuple[Imported, ...]:
    """Import exports. Raises ``VioletError``; then nothing has changed."""
    from violet.intel.osv.importer import update as import_all

    if not files:
        raise UsageError("There is nothing to import.", "Name an export: violet intel update all.zip")
    path = database_path(directory or database_directory(configuration))
    return import_all(files, path, now=now, replace=replace, progress=progress)


def status(configuration: Configuration, *, directory: str = "", now: datetime.datetime) -> AdvisoriesState:
    """What there is. Raises ``MissingDatabaseError`` and ``DatabaseError``."""
    with open_database(directory or database_directory(configuration)) as database:
        state = database.state()
    return AdvisoriesState(state, age_days(state, now), tuple(state_warnings(state, now)))


def show(configuration: Configuration, name: str, *, directory: str = "") -> tuple[Advisory, ...]:
    """The advisories that an id or alias names. Raises ``UsageError`` where there is none."""
    with open_database(directory or database_directory(configuration)) as database:
        found = database.advisories(name) or database.advisories(name.upper())
    if not found:
        raise UsageError(f"No imported advisory is called {name}.", "See what is imported: violet intel status")
    return found
