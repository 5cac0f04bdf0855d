"""Recorded cases: evidence, and what the policy should say of it. And the policy with one thing taken out, to see
whether any case notices.

A case is a JSON or TOML document:

    violet_case = 1
    name = "a trojaned model"
    environment = "production"
    expect = {verdict = "deny", outcomes = {no-high-findings = "not-met"}}
    [context]
    findings = [{rule = "artifact/pickle-dangerous-call", severity = "critical"}]

Of a variable or item only the fields that matter need to be there: the others are empty, ``false`` or 0. Evidence
none of whose variables is there is missing.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from violet.domain import ConfigurationError, Severity, Verdict
from violet.domain.gate import CaseResult, MissingEvidence, Mutant, Outcome, Requirement, Waiver
from violet.policy import waivers
from violet.policy.cel.prose import in_words
from violet.policy.cel.tree import Literal, Logical, Node, conjuncts
from violet.policy.cel.types import Type
from violet.policy.expression import Expression, compiled
from violet.policy.gate import GatePolicy, InForce, in_force
from violet.policy.judge import Facts, judge, verdict
from violet.policy.schema import CONTEXT, IN_WORDS, SOURCE_OF, SOURCES

VERSION = 1
_SPAN = re.compile(r"(?:(\d{1,7})d)?(?:(\d{1,7})h)?(?:(\d{1,7})m)?(?:(\d{1,10}(?:\.\d{1,6})?)s)?")


@dataclass(frozen=True, slots=True)
class Case:
    """``outcomes`` has those requirements whose outcome is expected; the others may come out as they like."""

    name: str
    path: str
    environment: str
    verdict: Verdict
    outcomes: Mapping[str, Outcome]
    facts: Facts


def read_case(value: Any, path: str) -> Case:
    """Raises ``ConfigurationError``, naming the place, for whatever is unknown or of the wrong kind."""
    reader = _Reader(path)
    reader.known(value, ("violet_case", "name", "environment", "expect", "context", "missing", "waivers"), "")
    if value.get("violet_case") != VERSION:
        raise ConfigurationError(f"{path} is no case of the version {VERSION}: violet_case is missing.")
    expect = value.get("expect", {})
    reader.known(expect, ("verdict", "outcomes"), "expect")
    environment = value.get("environment", "")
    context = reader.context(value.get("context", {}))
    context.setdefault("environment", environment)
    context.setdefault("now", datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC))
    context.setdefault("model", reader.typed({}, CONTEXT["model"], "context.model"))
    return Case(
        name=str(value.get("name") or path),
        path=path,
        environment=environment,
        verdict=reader.named(expect.get("verdict", ""), Verdict, "expect.verdict"),
        outcomes={
            name: reader.named(word, Outcome, f"expect.outcomes.{name}")
            for name, word in expect.get("outcomes", {}).items()
        },
        facts=Facts(context, reader.missing(value.get("missing", []), context), reader.waivers(value)),
    )


def document(
    name: str, environment: str, facts: Facts, reached: Verdict, outcomes: Mapping[str, Outcome]
) -> dict[str, Any]:
    """A case as a JSON object: ``read_case`` reads it again."""
    return {
        "violet_case": VERSION,
        "name": name,
        "environment": environment,
        "expect": {"verdict": reached.value, "outcomes": {key: word.value for key, word in outcomes.items()}},
        "context": {key: _plain(entry) for key, entry in facts.context.items()},
        "missing": [
            {"source": entry.source, "reason": entry.reason, "failed": entry.failed} for entry in facts.missing
        ],
        "waivers": [waivers.document(waiver) for waiver in facts.waivers],
    }


def run(policy: GatePolicy, cases: Sequence[Case]) -> tuple[CaseResult, ...]:
    """What the policy says of each case. Raises ``ConfigurationError`` for an environment it does not have."""
    return tuple(_run(in_force(policy, case.environment), case) for case in cases)


def mutants(policy: GatePolicy, cases: Sequence[Case]) -> tuple[Mutant, ...]:
    """Every requirement that some case is asked about, taken out; and each of its conditions, taken out alone."""
    found: list[Mutant] = []
    for environment in dict.fromkeys(case.environment for case in cases):
        rules = in_force(policy, environment)
        asked = [case for case in cases if case.environment == environment]
        before = [_run(rules, case) for case in asked]
        for requirement in rules.requirements:
            for what, mutated in _without(requirement, rules.compiled[requirement.name]):
                changed = _with(rules, requirement, mutated)
                after = [_run(changed, case) for case in asked]
                noticed = tuple(
                    now.name for now, was in zip(after, before, strict=True) if now.mismatches != was.mismatches
                )
                found.append(Mutant(requirement.name, environment, what, noticed))
    return tuple(found)


def _run(rules: InForce, case: Case) -> CaseResult:
    results = judge(rules, case.facts)
    reached, _ = verdict(results, case.facts.missing)
    mismatches = []
    if reached is not case.verdict:
        unmet = ", ".join(f"{r.requirement.name} ({r.outcome.value})" for r in results if not r.passed)
        because = f" because of {unmet}" if unmet else ""
        mismatches.append(f"The verdict is {reached.value}{because}, and {case.verdict.value} was expected.")
    outcomes = {result.requirement.name: result.outcome for result in results}
    for name, expected in case.outcomes.items():
        if name not in outcomes:
            mismatches.append(f"There is no requirement {name!r}.")
        elif outcomes[name] is not expected:
            mismatches.append(f"{name} is {outcomes[name].value}, and {expected.value} was expected.")
    return CaseResult(case.name, case.path, case.environment, reached, tuple(mismatches))


def _without(requirement: Requirement, asked: Expression) -> list[tuple[str, Node]]:
    """What can be taken out of a requirement, in words, with the tree that is left."""
    parts = conjuncts(asked.node)
    made: list[tuple[str, Node]] = [("the whole requirement", Literal(True, 0))]
    if len(parts) > 1:
        for number, part in enumerate(parts):
            rest = parts[:number] + parts[number + 1 :]
            made.append((in_words(part), rest[0] if len(rest) == 1 else Logical("&&", rest, 0)))
    return made


def _with(rules: InForce, requirement: Requirement, node: Node) -> InForce:
    """The same rules with another expression. What it needs is taken from that: evidence that only a condition
    needed that is gone is needed no more."""
    asked = compiled(node)
    changed = tuple(replace(r, needs=asked.needs) if r is requirement else r for r in rules.requirements)
    return replace(rules, requirements=changed, compiled={**rules.compiled, requirement.name: asked})


def _plain(value: Any) -> Any:
    if isinstance(value, datetime.datetime):
        return value.isoformat()
    if isinstance(value, datetime.timedelta):
        return f"{value.total_seconds():.6f}".rstrip("0").rstrip(".") + "s"
    if isinstance(value, Mapping):
        return {name: _plain(entry) for name, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


class _Reader:
    def __init__(self, path: str) -> None:
        self._path = path

    def refuse(self, where: str, problem: str) -> ConfigurationError:
        return ConfigurationError(f"{self._path}: {where or 'the case'} {problem}.")

    def known(self, value: Any, names: Sequence[str], where: str) -> None:
        if not isinstance(value, dict):
            raise self.refuse(where, "must be a table")
        for name in value:
            if name not in names:
                import difflib

                close = difflib.get_close_matches(name, names, 1, 0.5)
                hint = f": did you mean {close[0]!r}?" if close else f": there is {', '.join(names)}"
                raise self.refuse(where, f"has {name!r}, which does not exist{hint}")

    def named(self, word: Any, kind: Any, where: str) -> Any:
        try:
            return kind(word)
        except ValueError:
            raise self.refuse(where, f"must be one of {', '.join(kind)}") from None

    def context(self, value: Any) -> dict[str, Any]:
        self.known(value, tuple(CONTEXT), "context")
        given = {SOURCE_OF[name] for name in value if SOURCE_OF[name]}
        made = {}
        for name, kind in CONTEXT.items():
            if name in value:
                made[name] = self.typed(value[name], kind, f"context.{name}")
            elif SOURCE_OF[name] in given:
                made[name] = self.typed([] if kind.kind == "list" else {}, kind, f"context.{name}")
        return made

    def missing(self, value: Any, context: Mapping[str, Any]) -> tuple[MissingEvidence, ...]:
        found: dict[str, MissingEvidence] = {}
        for number, entry in enumerate(value if isinstance(value, list) else [], 1):
            self.known(entry, ("source", "reason", "failed"), f"missing {number}")
            source = entry.get("source", "")
            if source not in SOURCES:
                raise self.refuse(f"missing {number}", f"must name one of {', '.join(SOURCES)}")
            found[source] = MissingEvidence(source, str(entry.get("reason", "")), failed=entry.get("failed") is True)
        present = {SOURCE_OF[name] for name in context}
        for source in SOURCES:
            if source in present:
                if source in found:
                    raise self.refuse("missing", f"names {source}, which is in the context")
            elif source not in found:
                found[source] = MissingEvidence(source, f"There is no {IN_WORDS[source].removeprefix('a ')}.")
        return tuple(found.values())

    def waivers(self, value: Mapping[str, Any]) -> tuple[Waiver, ...]:
        made = []
        for number, entry in enumerate(value.get("waivers", []), 1):
            try:
                made.append(waivers.read(entry, self._path))
            except ValueError as error:
                raise self.refuse(f"waiver {number}:", str(error)) from error
        return tuple(made)

    def typed(self, value: Any, kind: Type, where: str) -> Any:
        match kind.kind:
            case "object":
                return self._object(value, kind, where)
            case "list":
                if not isinstance(value, list):
                    raise self.refuse(where, "must be a list")
                element = kind.element or Type("any")
                return [self.typed(item, element, f"{where}[{number}]") for number, item in enumerate(value)]
            case "map" | "any":
                return value
            case "timestamp":
                return self._time(value, where)
            case "duration":
                return self._span(value, where)
            case "double":
                if isinstance(value, int | float) and not isinstance(value, bool):
                    return float(value)
            case "int":
                if isinstance(value, int) and not isinstance(value, bool) and -(2**63) <= value < 2**63:
                    return value
            case "bool":
                if isinstance(value, bool):
                    return value
            case "string":
                if isinstance(value, str):
                    if kind.values and value not in kind.values:
                        raise self.refuse(where, f"must be one of {', '.join(filter(None, kind.values))}")
                    return value
        raise self.refuse(where, f"must be a {kind}")

    def _object(self, value: Any, kind: Type, where: str) -> dict[str, Any]:
        self.known(value, tuple(kind.fields), where)
        given = dict(value)
        if isinstance(given.get("severity"), str):
            try:
                given["severity"] = int(Severity.parse(given["severity"]))
            except ValueError as error:
                raise self.refuse(f"{where}.severity", str(error)) from None
        if "level" in kind.fields and isinstance(given.get("severity"), int) and 0 <= given["severity"] <= 4:
            given.setdefault("level", str(Severity(given["severity"])))
        made = {}
        for name, entry in kind.fields.items():
            if name in given:
                made[name] = self.typed(given[name], entry.type, f"{where}.{name}")
            elif not entry.optional:
                made[name] = _empty(entry.type)
        return made

    def _time(self, value: Any, where: str) -> datetime.datetime:
        if isinstance(value, str):
            try:
                value = datetime.datetime.fromisoformat(value)
            except ValueError:
                value = None
        if not isinstance(value, datetime.datetime):
            raise self.refuse(where, "must be a time such as 2027-01-31T12:00:00Z")
        return value if value.tzinfo is not None else value.replace(tzinfo=datetime.UTC)

    def _span(self, value: Any, where: str) -> datetime.timedelta:
        match = _SPAN.fullmatch(value) if isinstance(value, str) and value else None
        if match is None:
            raise self.refuse(where, "must be a length of time such as 3d, 12h or 90s")
        days, hours, minutes, seconds = (float(part or 0) for part in match.groups())
        return datetime.timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)


def _empty(kind: Type) -> Any:
    match kind.kind:
        case "bool":
            return False
        case "int":
            return 0
        case "double":
            return 0.0
        case "string":
            return kind.values[0] if kind.values else ""
        case "list":
            return []
        case "duration":
            return datetime.timedelta(0)
        case "timestamp":
            return datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
        case "object":
            return {name: _empty(entry.type) for name, entry in kind.fields.items() if not entry.optional}
        case _:
            return {}
