"""Advisories in the OSV format: read from exports, kept in one file, found by package.

Source: the Open Source Vulnerability format, version 1.7, of the OpenSSF.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from violet.intel.osv.database import Database

FILE = "advisories.db"
"""Name of the database within its directory."""


def default_directory() -> str:
    """``$XDG_DATA_HOME/violet/intel``, or ``~/.local/share/violet/intel``."""
    import os

    data = os.environ.get("XDG_DATA_HOME", "")
    if not os.path.isabs(data):  # the XDG specification: relative values are to be ignored
        data = os.path.join(os.path.expanduser("~"), ".local", "share")
    return os.path.join(data, "violet", "intel")


def database_path(directory: str | None = None) -> str:
    """The database file of a directory, or of the default one."""
    import os

    return os.path.join(directory or default_directory(), FILE)


def open_database(path: str | None = None) -> Database:
    """The database at ``path`` (a file, or its directory; default: the user's own), opened for reading.

    Raises ``MissingDatabaseError`` where there is none and ``DatabaseError`` where it cannot be read.
    """
    import os

    from violet.intel.osv.database import Database

    if path is None or os.path.isdir(path):
        path = database_path(path)
    return Database(path)
