"""Watch the aliases of a registry, and put back what the gate denies.

A registry tells of a change after the fact, and cannot protect one alias from those who may write others. So
whoever watches asks the gate about every version that an alias comes to stand for, and again from time to time,
since evidence runs out and files change. A version that is denied loses its alias: to the last version of that
alias that the gate allowed, after asking again, or to none. So does one that cannot be examined, again and again,
and that was never allowed: whoever moves an alias may also see to it that the gate chokes on the version.
"""

from __future__ import annotations

import datetime
import json
import time
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from violet.domain import ConfigurationError, Verdict, VioletError
from violet.domain.registry import Alias, ModelVersion, Registry, RegistryError, WatchAction, WatchEvent
from violet.domain.whole_file import whole_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from violet.domain.gate import GateDecision

    Ask = Callable[[ModelVersion], GateDecision]
    Clock = Callable[[], datetime.datetime]

STATE_VERSION = 1
LARGEST_STATE = 16 << 20
PATIENCE = 3
"""Looks at a version that cannot be examined, before it is put back."""


@dataclass(frozen=True, slots=True)
class WatchOptions:
    """``aliases`` and ``models`` are patterns (``*``: all); ``recheck`` is the age in seconds at which an answer
    of the gate is asked for again; ``state`` is the file that remembers allowed versions (``""``: none is
    remembered); ``dry_run`` changes nothing in the registry."""

    aliases: tuple[str, ...] = ("*",)
    models: tuple[str, ...] = ("*",)
    recheck: float = 3600.0
    state: str = ""
    dry_run: bool = False


@dataclass(slots=True)
class _Known:
    """What is known of one alias: the version last looked at and when, how often in a row that failed, and the last
    one that was allowed."""

    version: str = ""
    allowed: bool = False
    asked: float = 0.0
    good: str = ""
    failures: int = 0


@dataclass(slots=True)
class Watcher:
    """Looks at every alias when ``tick`` is called. Remembers between calls, and in a file between processes."""

    registry: Registry
    ask: Ask
    options: WatchOptions
    clock: Clock = field(default=lambda: datetime.datetime.now(datetime.UTC))
    _known: dict[tuple[str, str], _Known] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.options.state:
            self._known = read_state(self.options.state, self.registry.address)

    def tick(self) -> Iterator[WatchEvent]:
        """Look once. What was seen and done, as it happens; aliases that stand as they stood say nothing."""
        unseen: set[str] = set()
        try:
            aliases = []
            for name in self._models():
                try:
                    aliases += self._aliases(name)
                except Exception as error:  # of one model: the others are looked at
                    unseen.add(name)
                    yield self._event(WatchAction.FAILED, Alias(name, "*", ""), reason=_diagnostics(error))
        except Exception as error:
            yield self._event(WatchAction.FAILED, Alias("*", "*", ""), reason=_diagnostics(error))
            return
        seen = {(a.model, a.alias) for a in aliases}
        for key in sorted(key for key in self._known.keys() - seen if key[0] not in unseen):
            known = self._known.pop(key)
            yield self._event(WatchAction.GONE, Alias(*key, known.version))
        for alias in aliases:
            known = self._known.setdefault((alias.model, alias.alias), _Known())
            now = self.clock().timestamp()
            settled = known.allowed or self.options.dry_run
            if known.version == alias.version and settled and now - known.asked < self.options.recheck:
                continue
            event = self._look(alias, known, now)
            if event is not None:
                yield event
            yield from self._remember()
        yield from self._remember()

    def _models(self) -> list[str]:
        return [m for m in self.registry.models() if any(fnmatchcase(m, pattern) for pattern in self.options.models)]

    def _aliases(self, model: str) -> list[Alias]:
        found = self.registry.aliases(model)
        return [a for a in found if any(fnmatchcase(a.alias, pattern) for pattern in self.options.aliases)]

    def _look(self, alias: Alias, known: _Known, now: float) -> WatchEvent | None:
        """Ask the gate about the version that the alias stands for, and act on the answer."""
        try:
            decision = self.ask(self.registry.version(alias.model, alias.version))
        except Exception as error:  # a gate that breaks must not end the watch
            return self._failed(alias, known, error)
        known.failures = 0
        news = known.version != alias.version or not known.allowed
        known.version, known.asked = alias.version, now
        known.allowed = decision.verdict is not Verdict.DENY
        digest = str(decision.identity.digest)
        if known.allowed:
            known.good = alias.version
            return self._event(WatchAction.ALLOWED, alias, digest=digest) if news else None
        return self._put_back(alias, known, _why(decision), digest)

    def _failed(self, alias: Alias, known: _Known, error: Exception) -> WatchEvent:
        """Nothing is known of the version. One that was never allowed is put back where it is the version that is
        to blame, not the registry (nothing can be fetched) or the policy."""
        known.failures += 1  # of the alias, so that moving it from one such version to the next gains nothing
        known.version, known.allowed = alias.version, False
        reason = _diagnostics(error)
        if known.failures < PATIENCE or alias.version == known.good or isinstance(error, ConfigurationError):
            return self._event(WatchAction.FAILED, alias, reason=reason)
        if isinstance(error, RegistryError) and not self._good_version(alias, known):
            return self._event(WatchAction.FAILED, alias, reason=reason)
        return self._put_back(alias, known, f"It could not be examined {known.failures} times: {reason}", "")

    def _put_back(self, alias: Alias, known: _Known, reason: str, digest: str) -> WatchEvent:
        try:
            to = self._good_version(alias, known)
            dry = self.options.dry_run
            if not dry:
                # Between the question and the answer somebody may have moved it: that move is looked at by itself.
                if self.registry.alias(alias.model, alias.alias) != alias.version:
                    return self._event(WatchAction.MOVED_ON, alias, reason=reason, digest=digest)
                if to:
                    self.registry.set_alias(alias.model, alias.alias, to)
                    known.version, known.allowed = to, True
                else:
                    self.registry.delete_alias(alias.model, alias.alias)
                    self._known.pop((alias.model, alias.alias), None)
        except Exception as error:
            return self._event(
                WatchAction.FAILED, alias, reason=f"{reason} It could not be put back: {_diagnostics(error)}"
            )
        if to:
            action = WatchAction.WOULD_REVERT if dry else WatchAction.REVERTED
        else:
            action = WatchAction.WOULD_REMOVE if dry else WatchAction.REMOVED
        return self._event(action, alias, to=to, reason=reason, digest=digest)

    def _good_version(self, alias: Alias, known: _Known) -> str:
        """The last allowed version, if the gate still allows it."""
        if not known.good or known.good == alias.version:
            return ""
        try:
            decision = self.ask(self.registry.version(alias.model, known.good))
        except Exception:  # deleted meanwhile, or not to be examined: no version to go back to
            return ""
        return "" if decision.verdict is Verdict.DENY else known.good

    def _event(
        self, action: WatchAction, alias: Alias, *, to: str = "", reason: str = "", digest: str = ""
    ) -> WatchEvent:
        return WatchEvent(self.clock(), action, alias.model, alias.alias, alias.version, to, reason, digest)

    def _remember(self) -> Iterator[WatchEvent]:
        """A full disk is no reason to stop watching."""
        try:
            if self.options.state:
                write_state(self.options.state, self.registry.address, self._known)
        except ConfigurationError as error:
            yield self._event(WatchAction.FAILED, Alias("*", "*", ""), reason=error.diagnostics())


def look(watcher: Watcher, *, rounds: int = 0, interval: float = 15.0) -> Iterator[WatchEvent]:
    """The events of ``rounds`` looks (0: without end), ``interval`` seconds apart."""
    number = 0
    while True:
        yield from watcher.tick()
        number += 1
        if number == rounds:
            return
        time.sleep(interval)


def _diagnostics(error: Exception) -> str:
    return error.diagnostics() if isinstance(error, VioletError) else f"{type(error).__name__}: {error}"[:300]


def _why(decision: GateDecision) -> str:
    """The decision in one line."""
    unmet = [result.reason for result in decision.unmet]
    return " ".join([*decision.reasons, *unmet]) or "The gate denies it."


def read_state(path: str, address: str) -> dict[tuple[str, str], _Known]:
    """What an earlier watch of the same registry remembered; nothing where there was none. Only the versions that
    were allowed are taken over: every alias is looked at again. Raises ``ConfigurationError``."""
    try:
        with open(path, "rb") as file:
            content = file.read(LARGEST_STATE + 1)
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise ConfigurationError(f"The state file {path} cannot be read: {error.strerror}.") from error
    try:
        state = json.loads(content)
        if state["version"] != STATE_VERSION:
            raise ValueError(f"its version is {state['version']!r}")
        if state["registry"] != address:
            raise ConfigurationError(
                f"The state file {path} is about the registry at {state['registry']}, not {address}.",
                "Use another state file.",
            )
        known = {}
        for entry in state["aliases"]:
            model, alias, good = (entry[name] for name in ("model", "alias", "good"))
            if not all(isinstance(value, str) for value in (model, alias, good)):
                raise ValueError("it names something that is no text")
            known[model, alias] = _Known(good=good)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ConfigurationError(
            f"{path} is not a state file of a watch: {error}.", "Delete it: the watch then begins anew."
        ) from error
    return known


def write_state(path: str, address: str, known: dict[tuple[str, str], _Known]) -> None:
    """Replace the state file in one step."""
    entries = [{"model": model, "alias": alias, "good": entry.good} for (model, alias), entry in sorted(known.items())]
    state = {"version": STATE_VERSION, "registry": address, "aliases": entries}
    try:
        with whole_file(path) as file:
            file.write(json.dumps(state, indent=1).encode())
    except OSError as error:
        raise ConfigurationError(f"The state file {path} cannot be written: {error.strerror}.") from error
