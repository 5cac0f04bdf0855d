"""The policy of the gate: what ``[gate]`` in ``violet.toml`` says, and what of it is in force in an environment.

What stands in ``[gate.requirements]`` holds everywhere. An environment adds to it, and to what it inherits. Where it
names a requirement that is there already, both must hold, so that inheriting can only tighten; asking less takes
``loosen``, with a reason that every decision shows.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any

from violet.domain import ConfigurationError
from violet.domain.gate import Enforcement, Requirement
from violet.policy.expression import Expression, ExpressionError, expression
from violet.policy.schema import SOURCES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MOST_REQUIREMENTS = 200
LONGEST_CHAIN = 16


@dataclass(frozen=True, slots=True)
class Settings:
    """How evidence is taken. Of two values in force, the stricter one counts.

    ``trust_attested_scans``: a signed report stands for a scan; else only the gate's own scan does. Ages are in
    days; ``clock_skew_minutes`` is how far the clock of a signer may be ahead of this one. ``deep_scan``: a scan
    must have read all content, tensors too.
    """

    trust_attested_scans: bool = True
    max_scan_age_days: int = 30
    max_waiver_days: int = 90
    clock_skew_minutes: int = 5
    deep_scan: bool = False

    def with_stricter(self, other: Mapping[str, Any]) -> Settings:
        """The stricter of each of these settings and ``other``."""
        changed = {}
        for name, value in other.items():
            mine = getattr(self, name)
            if name == "trust_attested_scans":
                changed[name] = mine and value
            elif name == "deep_scan":
                changed[name] = mine or value
            else:
                changed[name] = min(mine, value)
        return replace(self, **changed)


@dataclass(frozen=True, slots=True)
class Written:
    """A requirement as one table writes it; ``given`` are the keys that stand there."""

    name: str
    origin: str
    given: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Environment:
    name: str
    inherits: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    requirements: tuple[Written, ...] = ()


@dataclass(frozen=True, slots=True)
class GatePolicy:
    """All that the policy file says. ``origin`` is its path."""

    origin: str
    settings: Settings = Settings()
    requirements: tuple[Written, ...] = ()
    environments: Mapping[str, Environment] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class InForce:
    """What holds in one environment. ``chain`` are the environments it is made of, the nearest last; ``compiled``
    are the requirements' expressions by name; ``notes`` say what was loosened or switched off."""

    environment: str
    chain: tuple[str, ...]
    settings: Settings
    requirements: tuple[Requirement, ...]
    compiled: Mapping[str, Expression]
    notes: tuple[str, ...] = ()

    @property
    def needs(self) -> tuple[str, ...]:
        """The evidence that the requirements take, in a stable order."""
        wanted = {source for requirement in self.requirements for source in requirement.needs}
        return tuple(source for source in SOURCES if source in wanted)


def parse_policy(table: Mapping[str, Any], origin: str) -> GatePolicy:
    """Read ``[gate]``. Raises ``ConfigurationError``, naming the table, for whatever is unknown, of the wrong kind,
    or no expression: a policy is understood completely or not at all."""
    if not isinstance(table, dict):
        raise ConfigurationError(f"{origin}: gate must be a table.")
    _known(table, (*_setting_names(), "requirements", "environments"), origin, "gate")
    own = {name: table[name] for name in _setting_names() if name in table}
    policy = GatePolicy(
        origin,
        replace(Settings(), **_settings(own, origin, "gate")),
        _requirements(table.get("requirements", {}), origin, "gate.requirements"),
        {name: _environment(name, entry, origin) for name, entry in _tables(table, "environments", origin, "gate")},
    )
    for name in ("", *policy.environments):
        in_force(policy, name)
    return policy


def in_force(policy: GatePolicy, environment: str) -> InForce:
    """What holds in ``environment`` (``""``: what holds everywhere). Raises ``ConfigurationError`` for an
    environment that the policy does not have, and for inheritance that goes in a circle."""
    chain = _chain(policy, environment)
    settings = policy.settings
    merged: dict[str, Requirement] = {}
    notes: list[str] = []
    for written in policy.requirements:
        merged[written.name] = _first(written, policy.origin)
    for name in chain:
        entry = policy.environments[name]
        settings = settings.with_stricter(entry.settings)
        for written in entry.requirements:
            _merge(merged, written, policy.origin, notes)
    if len(merged) > MOST_REQUIREMENTS:
        raise ConfigurationError(f"{policy.origin}: there are more than {MOST_REQUIREMENTS} requirements.")
    compiled = {name: _compiled(requirement, policy.origin) for name, requirement in merged.items()}
    requirements = tuple(
        replace(requirement, needs=_needs(requirement, compiled[name])) for name, requirement in merged.items()
    )
    return InForce(environment, chain, settings, requirements, compiled, tuple(notes))


def _chain(policy: GatePolicy, environment: str) -> tuple[str, ...]:
    chain: list[str] = []
    name = environment
    while name:
        if name not in policy.environments:
            asked = f"inherits from {name!r}" if chain else f"is asked about the environment {name!r}"
            raise ConfigurationError(
                f"{policy.origin} {asked}, of which it says nothing.", _suggestion(name, policy.environments)
            )
        if name in chain:
            circle = " -> ".join((*chain, name))
            raise ConfigurationError(f"{policy.origin}: environments inherit in a circle: {circle}.")
        chain.append(name)
        name = policy.environments[name].inherits
        if len(chain) > LONGEST_CHAIN:
            raise ConfigurationError(f"{policy.origin}: more than {LONGEST_CHAIN} environments inherit in a row.")
    return tuple(reversed(chain))


def _first(written: Written, origin: str) -> Requirement:
    given = written.given
    if "expression" not in given:
        raise ConfigurationError(f"{origin}: {written.origin} needs an expression.")
    for key in ("loosen", "off"):
        if key in given:
            raise ConfigurationError(f"{origin}: {written.origin} has {key!r}, but there is nothing that it loosens.")
    return _changed(Requirement(written.name, "", origin=written.origin), given)


def _merge(merged: dict[str, Requirement], written: Written, origin: str, notes: list[str]) -> None:
    before = merged.get(written.name)
    if before is None:
        merged[written.name] = _first(written, origin)
        return
    given = written.given
    loosen = given.get("loosen", "")
    if loosen:
        if given.get("off"):
            del merged[written.name]
            notes.append(f"{written.origin} switches {written.name} off: {loosen}")
            return
        merged[written.name] = replace(_changed(before, given), origin=written.origin, loosened=loosen)
        notes.append(f"{written.origin} loosens {written.name}: {loosen}")
        return
    after = replace(_changed(before, given), origin=written.origin)
    weaker = _weaker(before, after, given)
    if weaker:
        raise ConfigurationError(
            f"{origin}: {written.origin} {weaker}, which asks less than what it inherits.",
            'If that is meant, say why: loosen = "..."',
        )
    if "expression" in given:
        _compiled(after, origin)  # by itself first: it must not reach into what it is joined to
        both = f"({before.expression}\n) && ({given['expression']}\n)"
        after = replace(after, expression=both)
    merged[written.name] = after


def _weaker(before: Requirement, after: Requirement, given: Mapping[str, Any]) -> str:
    if given.get("off"):
        return f"switches {before.name} off"
    if before.enforcement is Enforcement.DENY and after.enforcement is Enforcement.WARN:
        return f"turns {before.name} into a warning"
    if not before.waivable and after.waivable:
        return f"lets {before.name} be waived"
    return ""


def _changed(requirement: Requirement, given: Mapping[str, Any]) -> Requirement:
    names = ("expression", "description", "enforcement", "remedy", "waivable")
    changed = {name: given[name] for name in names if name in given}
    for name in ("needs", "references"):
        if name in given:
            changed[name] = tuple(dict.fromkeys((*getattr(requirement, name), *given[name])))
    return replace(requirement, **changed)


def _compiled(requirement: Requirement, origin: str) -> Expression:
    try:
        return expression(requirement.expression)
    except ExpressionError as error:
        shown = _excerpt(requirement.expression, error.at)
        hint = f"{error.hint[:1].upper()}{error.hint[1:]}" if error.hint else ""
        raise ConfigurationError(
            f"{origin}: {requirement.origin}: {error.message} (character {error.at + 1}, at {shown!r}).", hint
        ) from None


def _excerpt(text: str, at: int) -> str:
    return " ".join(text[max(at - 8, 0) : at + 24].split())


def _needs(requirement: Requirement, compiled: Expression) -> tuple[str, ...]:
    wanted = {*requirement.needs, *compiled.needs}
    return tuple(source for source in SOURCES if source in wanted)


# -- reading ---------------------------------------------------------------------------------------


def _setting_names() -> tuple[str, ...]:
    return tuple(entry.name for entry in fields(Settings))


def _settings(table: Mapping[str, Any], origin: str, where: str) -> dict[str, Any]:
    for name, value in table.items():
        default = getattr(Settings(), name)
        if type(value) is not type(default):
            kind = "true or false" if isinstance(default, bool) else "a whole number"
            raise ConfigurationError(f"{origin}: {where}.{name} must be {kind}.")
        if not isinstance(value, bool) and not 0 <= value <= 36_500:
            raise ConfigurationError(f"{origin}: {where}.{name} must be between 0 and 36500.")
    return dict(table)


def _environment(name: str, table: Mapping[str, Any], origin: str) -> Environment:
    where = f"gate.environments.{name}"
    _known(table, (*_setting_names(), "inherits", "requirements"), origin, where)
    inherits = table.get("inherits", "")
    if not isinstance(inherits, str):
        raise ConfigurationError(f"{origin}: {where}.inherits must be the name of an environment.")
    if not name.strip():
        raise ConfigurationError(f"{origin}: an environment in [gate.environments] has no name.")
    own = {key: table[key] for key in _setting_names() if key in table}
    return Environment(
        name,
        inherits,
        _settings(own, origin, where),
        _requirements(table.get("requirements", {}), origin, f"{where}.requirements"),
    )


_TEXTS = ("expression", "description", "remedy", "loosen")
_LISTS = ("needs", "references")
_SWITCHES = ("waivable", "off")


def _requirements(table: Any, origin: str, where: str) -> tuple[Written, ...]:
    if not isinstance(table, dict):
        raise ConfigurationError(f"{origin}: {where} must hold a table for each requirement.")
    written = []
    for name, entry in table.items():
        at = f"[{where}.{name}]"
        if not isinstance(entry, dict):
            raise ConfigurationError(f"{origin}: {at} must be a table.")
        _known(entry, (*_TEXTS, *_LISTS, *_SWITCHES, "enforcement"), origin, f"{where}.{name}")
        written.append(Written(name, at, _entries(entry, f"{origin}: {at}")))
    return tuple(written)


def _entries(entry: Mapping[str, Any], where: str) -> dict[str, Any]:
    given = dict(entry)
    for key in _TEXTS:
        if key in given:
            if not isinstance(given[key], str) or not given[key].strip():
                raise ConfigurationError(f"{where}: {key} must be a text.")
            given[key] = given[key].strip()
    for key in _SWITCHES:
        if key in given and not isinstance(given[key], bool):
            raise ConfigurationError(f"{where}: {key} must be true or false.")
    for key in _LISTS:
        if key in given and not (isinstance(given[key], list) and all(isinstance(text, str) for text in given[key])):
            raise ConfigurationError(f"{where}: {key} must be a list of texts.")
    for source in given.get("needs", ()):
        if source not in SOURCES:
            raise ConfigurationError(f"{where} needs {source!r}, which is no evidence.", _suggestion(source, SOURCES))
    if "enforcement" in given:
        try:
            given["enforcement"] = Enforcement(given["enforcement"])
        except ValueError:
            raise ConfigurationError(f"{where}: enforcement must be 'deny' or 'warn'.") from None
    return given


def _tables(table: Mapping[str, Any], key: str, origin: str, where: str) -> list[tuple[str, Mapping[str, Any]]]:
    found = table.get(key, {})
    if not isinstance(found, dict) or not all(isinstance(entry, dict) for entry in found.values()):
        raise ConfigurationError(f"{origin}: {where}.{key} must be written as [{where}.{key}.NAME] tables.")
    return list(found.items())


def _known(table: Mapping[str, Any], names: tuple[str, ...], origin: str, where: str) -> None:
    for name in table:
        if name not in names:
            raise ConfigurationError(f"{origin} sets {where}.{name}, which does not exist.", _suggestion(name, names))


def _suggestion(name: str, known: Iterable[str]) -> str:
    names = list(known)
    close = difflib.get_close_matches(name, names, 1, 0.5)
    if close:
        return f"Did you mean {close[0]!r}?"
    return f"There is {', '.join(names)}." if names else "There is none."
