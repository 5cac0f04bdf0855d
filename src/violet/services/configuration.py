"""What is configured, and where each value came from.

One file: ``violet.toml``, or ``[tool.violet]`` in ``pyproject.toml``, searched from the working directory
upward (never beside what is scanned: whoever made that could have written it). Values come, the later
winning, from the defaults, the file, ``VIOLET_<SECTION>_<KEY>`` in the environment, and the command line.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from violet.domain import ConfigurationError, Severity
from violet.policy import NEVER_FAIL, Policy
from violet.services.options import IGNORE_FILE, IgnoreSource

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from violet.domain.provenance import TrustedSigner

FILE = "violet.toml"
PROJECT_FILE = "pyproject.toml"
GATE = "gate"
"""The table that is the gate's policy."""
GUARD = "guard"
"""The table that is the guard's policy."""
LARGEST = 1 << 20
"""Bytes of a configuration or ignore file that are read."""


class Key:
    """A setting: ``parse`` turns what a file or the environment says into the value, or raises
    ``ValueError``."""

    __slots__ = ("default", "help", "name", "parse")

    def __init__(self, name: str, default: Any, parse: Callable[[Any], Any], help: str) -> None:
        self.name = name
        self.default = default
        self.parse = parse
        self.help = help


class Setting:
    """A value in force and its origin: ``default``, a file, an environment variable."""

    __slots__ = ("origin", "value")

    def __init__(self, value: Any, origin: str = "default") -> None:
        self.value = value
        self.origin = origin


class Configuration:
    """Every key's setting; ``file`` is the configuration file in force (``""``: none), ``root`` its
    directory (or the working directory); ``found`` tells that it was found by searching. ``gate`` is the table
    ``[gate]`` as it stands there (``None``: there is none), which ``violet.services.policies`` reads; ``guard``
    likewise, which ``violet.services.guarding.policy`` does."""

    __slots__ = ("file", "found", "found_files", "gate", "guard", "ignore", "root", "settings")

    def __init__(
        self,
        settings: Mapping[str, Setting],
        file: str = "",
        root: str = ".",
        found: bool = True,
        ignore: tuple[IgnoreSource, ...] = (),
        found_files: tuple[str, ...] = (),
        gate: Any = None,
        guard: Any = None,
    ) -> None:
        self.settings = settings
        self.file = file
        self.root = root
        self.found = found
        self.ignore = ignore
        self.found_files = found_files
        self.gate = gate
        self.guard = guard

    def value(self, name: str) -> Any:
        return self.settings[name].value

    def path(self, relative: str) -> str:
        """A path that the configuration file names, as seen from the working directory."""
        return os.path.normpath(os.path.join(self.root, relative)) if relative else ""

    @property
    def signers(self) -> tuple[TrustedSigner, ...]:
        """Who is believed, with the paths of their keys resolved."""
        from dataclasses import replace

        return tuple(replace(s, key=self.path(s.key)) for s in self.value("trust.signers"))

    @property
    def bounds(self) -> tuple[tuple[str, int], ...]:
        """The bounds that are not left at their defaults."""
        prefix = "scan.bounds."
        return tuple(
            (name.removeprefix(prefix), setting.value)
            for name, setting in self.settings.items()
            if name.startswith(prefix) and setting.origin != "default"
        )


def load(
    directory: str = ".",
    *,
    file: str = "",
    isolated: bool = False,
    environment: Mapping[str, str] | None = None,
) -> Configuration:
    """The configuration in force in ``directory``. ``file`` names the configuration file instead of
    searching; ``isolated`` looks at no file at all. Raises ``ConfigurationError``."""
    environment = os.environ if environment is None else environment
    settings = {key.name: Setting(key.default) for key in keys()}
    table: Mapping[str, Any] = {}
    origin = ""
    if file:
        origin, table = file, _read(file)
    elif not isolated:
        origin, table = _search(os.path.abspath(directory))
    gate, guard = table.get(GATE), table.get(GUARD)
    if table:
        _apply_table({name: value for name, value in table.items() if name not in (GATE, GUARD)}, origin, settings)
    _apply_environment(environment, settings)
    root = os.path.dirname(os.path.abspath(origin)) if origin else os.path.abspath(directory)
    ignore, found = _ignore_sources(settings, root, origin, isolated, named=bool(file))
    if origin and not file:
        found = (*found, origin)
    return Configuration(settings, origin, root, not file, ignore, found, gate, guard)


def ignore_source(path: str) -> IgnoreSource:
    """An ignore file that was named on the command line."""
    return IgnoreSource(path, _lines(path), os.path.dirname(os.path.abspath(path)), found=False)


def policy(configuration: Configuration, fail_on: str | None = None) -> Policy:
    """The policy that the configuration describes, or ``fail_on`` in its place. Raises ``ValueError``."""
    return Policy(threshold(configuration.value("policy.fail_on") if fail_on is None else fail_on))


def keys() -> tuple[Key, ...]:
    """Every key there is, in the order in which they are shown."""
    from violet.formats.source import Bounds

    bounds = Bounds()
    return (
        Key("policy.fail_on", "high", parse_fail_on, "lowest severity that gives exit code 1"),
        Key("scan.deep", False, _parse_bool, "read all content, tensors too"),
        Key("scan.ignore", (), _parse_strings, "patterns, as in .violetignore, of what to leave out"),
        Key("scan.jobs", 0, _parse_count, "worker processes (0: one a processor)"),
        Key("scan.memory", 1 << 30, parse_size, "memory of one worker: a number with B, KiB, MiB or GiB"),
        Key("scan.timeout", 120.0, parse_seconds, "seconds for one file; large files get more"),
        *(
            Key(f"scan.bounds.{name}", getattr(bounds, name), _parse_count, text)
            for name, text in _BOUNDS.items()
            if hasattr(bounds, name)
        ),
        Key("sign.key", "", _parse_text, "private key that signs, relative to the configuration file"),
        Key("trust.signers", (), _parse_signers, "tables of who is believed: key, vouches_for"),
        Key("evidence.directory", "", _parse_text, "where attestations are kept (default: beside the artifact)"),
        Key("lineage.search", (), _parse_strings, "directories below which attestations of ancestors lie"),
        Key("lineage.taint", (), _parse_strings, "what must not be used: sha256:DIGEST=REASON"),
        Key("intel.directory", "", _parse_text, "where imported advisories are kept (default: the user's data)"),
        Key("test.min_robust_accuracy", 0.5, _parse_share, "share of samples that must withstand the attacks"),
        Key("test.max_shift_loss", 0.2, _parse_share, "accuracy that a mild natural shift may cost"),
        Key("test.cheap_queries", 100, _parse_count, "questions a sample up to which an attack is cheap"),
        Key("test.max_cost_factor", 5.0, parse_seconds, "how much more than usual an input may cost"),
    )


def as_text(value: Any) -> str:
    """A setting's value as it is shown."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return "; ".join(_entry_text(entry) for entry in value) or "none"
    return f"{value:g}" if isinstance(value, float) else str(value) or "none"


def _entry_text(entry: Any) -> str:
    key = getattr(entry, "key", None)
    return f"{entry.name} ({key})" if key else str(entry)


_BOUNDS = {
    "depth": "containers within containers",
    "members": "members of all containers of one file",
    "expanded": "bytes that decompression of one file may produce",
    "in_memory": "bytes of one expanded member held in memory",
    "operations": "steps of the pickle machine for one file",
    "text": "bytes of a text that are read",
    "table": "bytes of one header or directory",
}


def _search(directory: str) -> tuple[str, Mapping[str, Any]]:
    """The nearest configuration file at or above ``directory``. Directories in which everybody may write
    (such as ``/tmp``) are passed over, unless one stands in it."""
    start = directory
    while True:
        if directory == start or not _everybody_may_write(directory):
            own = os.path.join(directory, FILE)
            shared = os.path.join(directory, PROJECT_FILE)
            table = _project_table(shared) if os.path.isfile(shared) else None
            if os.path.isfile(own):
                if table is not None:
                    raise ConfigurationError(f"Both {own} and [tool.violet] in {shared} exist.", "Keep one of them.")
                return own, _read(own)
            if table is not None:
                return shared, table
        parent = os.path.dirname(directory)
        if parent == directory:
            return "", {}
        directory = parent


def _everybody_may_write(directory: str) -> bool:
    try:
        return bool(os.stat(directory).st_mode & 0o002)
    except OSError:
        return True


def _project_table(path: str) -> Mapping[str, Any] | None:
    """``[tool.violet]``; ``None`` where the file does not mention it."""
    if b"tool.violet" not in _bytes(path):
        return None
    table = _parse_toml(path).get("tool", {}).get("violet")
    if table is not None and not isinstance(table, dict):
        raise ConfigurationError(f"[tool.violet] in {path} must be a table.")
    return table


def _read(path: str) -> Mapping[str, Any]:
    content = _parse_toml(path)
    if os.path.basename(path) != PROJECT_FILE:
        return content
    table: Mapping[str, Any] = content.get("tool", {}).get("violet", {})
    return table


def _parse_toml(path: str) -> dict[str, Any]:
    import tomllib

    try:
        return tomllib.loads(_bytes(path).decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ConfigurationError(f"{path} is not valid TOML: {error}.") from error


def _bytes(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            content = file.read(LARGEST + 1)
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}.") from error
    if len(content) > LARGEST:
        raise ConfigurationError(f"{path} is larger than {LARGEST:,} bytes.")
    return content


def _lines(path: str) -> tuple[tuple[int, str], ...]:
    text = _bytes(path).decode("utf-8", "surrogateescape")
    return tuple(enumerate(text.removeprefix("\ufeff").split("\n"), 1))


def _apply_table(table: Mapping[str, Any], origin: str, settings: dict[str, Setting]) -> None:
    known = {key.name: key for key in keys()}
    for name, value in _flatten(table, "", {key.rpartition(".")[0] for key in known}, known.keys()):
        key = known.get(name)
        if key is None:
            raise ConfigurationError(f"{origin} sets {name!r}, which does not exist.", _nearest(name, list(known)))
        try:
            settings[name] = Setting(key.parse(value), origin)
        except ValueError as error:
            raise ConfigurationError(f"{name} in {origin}: {error}.") from error


def _flatten(
    table: Mapping[str, Any], prefix: str, sections: set[str], known: Collection[str]
) -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for name, value in table.items():
        full = f"{prefix}{name}"
        if isinstance(value, dict) and full not in known and (full in sections or value):
            found.extend(_flatten(value, f"{full}.", sections, known))
        else:
            found.append((full, value))
    return found


def _apply_environment(environment: Mapping[str, str], settings: dict[str, Setting]) -> None:
    for key in keys():
        variable = f"VIOLET_{key.name.upper().replace('.', '_')}"
        text = environment.get(variable)
        if not text or key.name == "trust.signers":
            continue
        try:
            settings[key.name] = Setting(key.parse(text), variable)
        except ValueError as error:
            raise ConfigurationError(f"{variable}: {error}.") from error


def _ignore_sources(
    settings: Mapping[str, Setting], root: str, origin: str, isolated: bool, named: bool
) -> tuple[tuple[IgnoreSource, ...], tuple[str, ...]]:
    sources: list[IgnoreSource] = []
    found: list[str] = []
    if not isolated:
        for directory in dict.fromkeys((root, os.getcwd())):
            path = os.path.join(directory, IGNORE_FILE)
            if os.path.isfile(path):
                shown = IGNORE_FILE if directory == os.getcwd() else path
                sources.append(IgnoreSource(shown, _lines(path), directory))
                found.append(path)
    patterns = settings["scan.ignore"]
    if patterns.value:
        name = os.path.basename(origin) if patterns.origin == origin else patterns.origin
        lines = tuple(enumerate(patterns.value, 1))
        sources.append(IgnoreSource(f"{name} scan.ignore", lines, root, found=not named))
    return tuple(sources), tuple(found)


def _nearest(name: str, known: list[str]) -> str:
    import difflib

    close = difflib.get_close_matches(name, known, 1, 0.5) or [
        key for key in known if key.rpartition(".")[2] == name.rpartition(".")[2]
    ]
    return f"Did you mean {close[0]!r}?" if close else f"The keys are: {', '.join(known)}."


def parse_fail_on(value: Any) -> str:
    """A severity's name, or the long name of the policy that never fails."""
    if not isinstance(value, str):
        raise ValueError("must be the name of a severity")
    if value == NEVER_FAIL:
        return value
    if value.lower() in ("never", "none", "off", "false"):
        raise ValueError(f"to let every finding through, say so in full: {NEVER_FAIL!r}")
    return str(Severity.parse(value))


def threshold(name: str) -> Severity | None:
    """The severity that ``fail_on`` names; ``None`` for the policy that never fails. Raises
    ``ValueError``."""
    name = parse_fail_on(name)
    return None if name == NEVER_FAIL else Severity.parse(name)


_UNITS = {
    "": 1,
    "b": 1,
    "k": 1 << 10,
    "kib": 1 << 10,
    "m": 1 << 20,
    "mib": 1 << 20,
    "g": 1 << 30,
    "gib": 1 << 30,
}
_SMALLEST_MEMORY = 64 << 20


def parse_size(value: Any) -> int:
    """``1 GiB``, ``512MiB`` or a number of bytes, in bytes. At least 64 MiB: a worker needs as much
    itself."""
    text = str(value).strip().lower()
    digits = text.rstrip("abcdefghijklmnopqrstuvwxyz").rstrip()
    unit = _UNITS.get(text[len(digits) :].strip())
    if isinstance(value, bool) or unit is None or not digits.replace(".", "", 1).isdecimal():
        raise ValueError(f"{value!r} is not a size: give a number with B, KiB, MiB or GiB")
    size = int(float(digits) * unit)
    if size < _SMALLEST_MEMORY:
        raise ValueError(f"{value!r} is too little: a worker needs 64 MiB")
    return size


def parse_seconds(value: Any) -> float:
    """A positive number of seconds."""
    try:
        seconds = float(value)
    except (TypeError, ValueError):
        seconds = 0.0
    if isinstance(value, bool) or not 0 < seconds <= 7 * 86_400:
        raise ValueError(f"{value!r} is not a number of seconds above 0")
    return seconds


def _parse_share(value: Any) -> float:
    """A number from 0 to 1."""
    try:
        share = float(value)
    except (TypeError, ValueError):
        share = -1.0
    if isinstance(value, bool) or not 0 <= share <= 1:
        raise ValueError(f"{value!r} is not a share between 0 and 1")
    return share


def _parse_count(value: Any) -> int:
    if isinstance(value, str) and value.isdecimal():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError(f"{value!r} is not a whole number of 0 or more")
    return value


def _parse_bool(value: Any) -> bool:
    words = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}
    if isinstance(value, str) and value.lower() in words:
        value = words[value.lower()]
    if not isinstance(value, bool):
        raise ValueError(f"{value!r} is neither true nor false")
    return value


def _parse_strings(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        value = [part for part in value.split(",") if part]
    if not isinstance(value, list) or not all(isinstance(entry, str) for entry in value):
        raise ValueError("must be a list of texts")
    return tuple(value)


def _parse_text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("must be a text")
    return value


def _parse_signers(value: Any) -> tuple[TrustedSigner, ...]:
    from violet.domain.provenance import TrustedSigner

    if not isinstance(value, dict):
        raise ValueError("must be written as [trust.signers.NAME] tables")
    signers = []
    for name, table in value.items():
        if not isinstance(table, dict) or not isinstance(table.get("key"), str) or not table["key"]:
            raise ValueError(f"{name} needs key, the path of a public key")
        unknown = sorted(set(table) - {"key", "vouches_for"})
        if unknown:
            raise ValueError(f"{name} has {unknown[0]!r}; it may have key and vouches_for")
        signers.append(TrustedSigner(name, table["key"], _parse_strings(table.get("vouches_for", ["*"]))))
    return tuple(signers)
