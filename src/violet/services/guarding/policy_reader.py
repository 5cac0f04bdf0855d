"""Tables of the guard's policy: keys, times, sizes and places, each wrong one said with file, table and key."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from violet.runtime.policy_table import PolicyTable

MOST = 1000
"""Entries of one list or table."""
_TIMES = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
_SIZES = {"": 1, "b": 1, "kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30, "tib": 1 << 40}


class GuardTable(PolicyTable):
    """With what only this policy has."""

    def inner(self, key: str, known: Mapping[str, str]) -> GuardTable:
        """A table in this one."""
        return self.entry(self.table(key), key, known)

    def entry(self, table: Any, key: str, known: Mapping[str, str]) -> GuardTable:
        """``table``, which stands at ``key`` in this one."""
        return GuardTable(table, self._file, f"{self._where.partition(': ')[2]}.{key}", known, self._environment)

    def whole(self, key: str, default: int, low: int, high: int) -> int:
        value = self.values.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise self.error(key, f"is {value!r}", f"Use a whole number from {low:,} to {high:,}.")
        return value

    def words(self, key: str, default: tuple[str, ...] = ()) -> tuple[str, ...]:
        value = self.values.get(key, default)
        if not isinstance(value, list | tuple) or not all(isinstance(one, str) and one.strip() for one in value):
            raise self.error(key, "is no list of texts", f'Write {key} = ["...", "..."].')
        if len(value) > MOST:
            raise self.error(key, f"has more than {MOST:,} entries")
        return tuple(value)

    def size(self, key: str, default: int, low: int, high: int) -> int:
        """A number of bytes, or a text with B, KiB, MiB, GiB."""
        value = self.values.get(key, default)
        size = -1.0
        if isinstance(value, int) and not isinstance(value, bool):
            size = value
        elif isinstance(value, str):
            match = re.fullmatch(r"\s*(\d{1,15}(?:\.\d{1,6})?)\s*([A-Za-z]{0,3})\s*", value)
            if match and match[2].lower() in _SIZES:
                size = float(match[1]) * _SIZES[match[2].lower()]
        if not low <= size <= high:
            raise self.error(
                key, f"is {value!r}", f'Use a size from {low:,} to {high:,} bytes, such as 1000000 or "8 MiB".'
            )
        return int(size)

    def seconds(self, key: str, default: float) -> float:
        """Seconds, or a text with s, m, h, d, or ``forever``."""
        value = self.values.get(key, default)
        found = math.nan
        if isinstance(value, int | float) and not isinstance(value, bool):
            found = float(value)
        elif value == "forever":
            return math.inf
        elif isinstance(value, str):
            match = re.fullmatch(r"\s*(\d{1,9}(?:\.\d{1,6})?)\s*([smhd]?)\s*", value)
            if match:
                found = float(match[1]) * _TIMES[match[2]]
        if not 0 < found <= 3.2e9:
            raise self.error(key, f"is {value!r}", 'Use seconds, or a text such as "10m", "2h", "7d", "forever".')
        return found

    def url(self, key: str) -> str:
        """Where a server is."""
        from violet.domain.errors import ConfigurationError
        from violet.runtime.proxy.options import Upstream

        value = self.text(key)
        try:
            if value:
                Upstream(value)
        except ConfigurationError as error:
            raise self.error(key, f"is {value!r}, which is no place of a server", error.hint) from error
        return value

    def named(self, key: str) -> dict[str, Any]:
        """A table of tables."""
        found = dict(self.table(key))
        if len(found) > MOST:
            raise self.error(key, f"has more than {MOST:,} entries")
        return found
