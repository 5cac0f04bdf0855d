"""A table of a policy, read key by key: what is wrong is said with file, table and key."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Callable, Mapping
from typing import Any

from violet.domain.errors import ConfigurationError


class PolicyTable:
    """``table`` as TOML gave it, which stands as ``name`` in ``file``. Everything raises ``ConfigurationError``."""

    def __init__(
        self, table: Any, file: str, name: str, keys: Mapping[str, str], environment: Mapping[str, str] | None = None
    ) -> None:
        self._file = file
        self._where = f"{file}: {name}"
        self._environment = os.environ if environment is None else environment
        if not isinstance(table, Mapping):
            raise self.error("", "is no table")
        self.values = table
        for key in table:
            if key not in keys:
                near = difflib.get_close_matches(str(key), keys, 1)
                hint = f"Did you mean {near[0]}?" if near else f"The keys are {', '.join(keys)}."
                raise self.error(key, "is no key here", hint)

    def error(self, key: object, what: str, hint: str = "") -> ConfigurationError:
        return ConfigurationError(f"{self._where}{f'.{key}' if key else ''} {what}.", hint)

    def text(self, key: str, default: str = "") -> str:
        value = self.values.get(key, default)
        if not isinstance(value, str) or (key in self.values and not value.strip()):
            raise self.error(key, "is no text")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of patterns, or one of them."""
        value = self.values.get(key, ())
        value = [value] if isinstance(value, str) else value
        if not isinstance(value, list | tuple) or not all(isinstance(entry, str) and entry for entry in value):
            raise self.error(key, "is no list of patterns", f'Write {key} = ["extraction/*"].')
        return tuple(value)

    def flag(self, key: str) -> bool:
        value = self.values.get(key, False)
        if not isinstance(value, bool):
            raise self.error(key, "is neither true nor false")
        return value

    def choice(self, key: str, choices: tuple[str, ...], default: str) -> str:
        value = self.values.get(key, default)
        if value not in choices:
            near = difflib.get_close_matches(str(value), choices, 1)
            shown = f"is {value!r}" if key in self.values else "is missing"
            hint = f"Did you mean {near[0]!r}?" if near else f"Use one of {', '.join(choices)}."
            raise self.error(key, shown, hint)
        return str(value)

    def parsed(self, key: str, parse: Callable[[str], Any], default: Any) -> Any:
        """What ``parse`` makes of the text; its ``ValueError`` is the reason."""
        if key not in self.values:
            return default
        try:
            return parse(self.text(key))
        except ValueError as error:
            raise self.error(key, f"cannot be used: {error}") from error

    def between(self, key: str, default: float, low: float, high: float) -> float:
        value = self.values.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            raise self.error(key, f"is {value!r}", f"Use a number from {low:g} to {high:g}.")
        return float(value)

    def table(self, key: str) -> Mapping[str, Any]:
        value = self.values.get(key, {})
        if not isinstance(value, Mapping):
            raise self.error(key, "is no table")
        return value

    def from_environment(self, key: str, name: str) -> str:
        value = self._environment.get(name, "")
        if not value:
            raise self.error(key, f"names the environment variable {name!r}, which is not set")
        return value

    def headers(self, key: str = "headers") -> tuple[tuple[str, str], ...]:
        """HTTP headers; a value ``env:NAME`` stands in the environment."""
        headers = []
        for name, value in self.table(key).items():
            if not re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}", name) or not isinstance(value, str):
                raise self.error(f"{key}.{name}", "is no HTTP header")
            if value.startswith("env:"):
                value = self.from_environment(f"{key}.{name}", value[4:])
            if not re.fullmatch(r"[\x20-\x7e]{0,4000}", value):
                raise self.error(f"{key}.{name}", "has characters that no header may have")
            headers.append((name, value))
        return tuple(headers)

    def path(self, key: str) -> str:
        """A path; a relative one starts in the directory of the file."""
        value = self.text(key)
        return os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(self._file)), value)) if value else ""
