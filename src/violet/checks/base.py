"""What a check is, what it is given, and how checks are found."""

from __future__ import annotations

import os
import sys
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, TypeVar

from violet.domain import Confidence, Finding, Location, Measurement, Outcome, Rule, Severity, Skipped
from violet.domain.discovery import family_modules

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from violet.formats.base import Format, Parsed, Relation
    from violet.formats.source import Source

    Judge = Callable[["Context"], Iterable[Outcome]]

T = TypeVar("T")

ANY = ("*",)
"""For ``@check(RULE, formats=ANY)``: asked of every node, whatever its format."""


class Node:
    """One examined thing: a file, or something inside one.

    ``path`` is shown to users, ``logical_path`` is relative to what was scanned and goes into
    fingerprints; both show members after ``!``. ``formats`` is everything the content is, ``format``
    the one that ``parsed`` was read as (``None`` where the content is of no known format).
    """

    __slots__ = (
        "deep",
        "depth",
        "format",
        "formats",
        "logical_path",
        "name",
        "parent",
        "parsed",
        "path",
        "relation",
        "source",
    )

    def __init__(
        self,
        path: str,
        logical_path: str,
        name: str,
        source: Source,
        format: Format | None,
        formats: tuple[Format, ...],
        parsed: Parsed,
        depth: int,
        relation: Relation | None,
        parent: Node | None,
        deep: bool,
    ) -> None:
        self.path = path
        self.logical_path = logical_path
        self.name = name
        self.source = source
        self.format = format
        self.formats = formats
        self.parsed = parsed
        self.depth = depth
        self.relation = relation
        self.parent = parent
        self.deep = deep


class Context:
    """What a check is asked about, and the outcomes it can make of it."""

    __slots__ = ("node", "rule")

    def __init__(self, rule: Rule, node: Node) -> None:
        self.rule = rule
        self.node = node

    def facts(self, kind: type[T]) -> T | None:
        """The reader's facts, where they are of this kind."""
        facts = self.node.parsed.facts
        return facts if isinstance(facts, kind) else None

    def finding(
        self,
        message: str,
        *,
        evidence: str = "",
        key: str = "",
        offset: int | None = None,
        line: int | None = None,
        severity: Severity | None = None,
        confidence: Confidence = Confidence.HIGH,
        fix: str = "",
        techniques: tuple[str, ...] | None = None,
    ) -> Finding:
        """A finding of this rule on this node. ``key`` must not change when unrelated bytes do."""
        rule = self.rule
        return Finding(
            rule=rule.id,
            severity=rule.severity if severity is None else severity,
            confidence=confidence,
            message=message,
            location=Location(self.node.path, offset, line),
            evidence=evidence,
            fix=fix or rule.fix,
            techniques=rule.techniques if techniques is None else techniques,
            key=key or evidence,
            logical_path=self.node.logical_path,
        )

    def skipped(self, reason: str, what: str = "") -> Skipped:
        return Skipped(Location(self.node.path), reason, what or self.rule.id)

    def measured(self, name: str, value: float, unit: str = "") -> Measurement:
        return Measurement(Location(self.node.path), name, value, unit)


class Check:
    """A rule, the formats it is asked of (``("*",)``: every node), and the function that answers. ``when`` says of
    which nodes of these formats there is anything to ask (``None``: of all)."""

    __slots__ = ("formats", "judge", "module", "rule", "when")

    def __init__(
        self, rule: Rule, formats: tuple[str, ...], judge: Judge, module: str, when: Callable[[Node], bool] | None
    ) -> None:
        self.rule = rule
        self.formats = formats
        self.judge = judge
        self.module = module
        self.when = when

    @property
    def help(self) -> str:
        """The docstring of the check's file: what it looks for, why it matters, an example, the fix."""
        import inspect

        return inspect.cleandoc(sys.modules[self.module].__doc__ or "")


def check(rule: Rule, formats: tuple[str, ...], when: Callable[[Node], bool] | None = None) -> Callable[[Judge], Judge]:
    """Declare the decorated function as the check of ``rule`` for nodes of these formats. ``when`` spares it the
    nodes about which it would say nothing: for families of checks that share what they need to know."""

    def declare(judge: Judge) -> Judge:
        module = sys.modules[judge.__module__]
        declared: list[Check] = module.__dict__.setdefault("__violet_checks__", [])
        declared.append(Check(rule, formats, judge, judge.__module__, when))
        return judge

    return declare


@cache
def checks() -> tuple[Check, ...]:
    """Every check, by rule id: those of this package and those that installed packages add through the
    entry-point group ``violet.checks``. Raises ``ValueError`` where two rules share an id."""
    return _sorted(modules())


@cache
def checks_for(format_id: str) -> tuple[Check, ...]:
    """The checks asked of a node that was read as this format (``""``: of no known format).

    Loads only what it needs: ``index`` says of each module which formats its checks are asked of, and a
    module that is not in the index is loaded and asked itself.
    """
    from violet.checks.index import INDEX

    wanted = (format_id, "*")
    possible = [name for name in modules() if name not in INDEX or any(one in INDEX[name] for one in wanted)]
    return tuple(entry for entry in _sorted(possible) if any(one in entry.formats for one in wanted))


@cache
def modules() -> tuple[str, ...]:
    """The full names of all modules that hold checks, this package's own first."""
    import violet.checks as package

    return (*family_modules(package.__name__, package.__path__), *_third_party())


def _sorted(names: Iterable[str]) -> tuple[Check, ...]:
    found: dict[str, Check] = {}
    for module in names:
        for entry in getattr(import_module(module), "__violet_checks__", ()):
            if entry.rule.id in found:
                other = found[entry.rule.id].module
                raise ValueError(f"two checks are called {entry.rule.id!r}: {other}, {module}")
            found[entry.rule.id] = entry
    return tuple(found[key] for key in sorted(found))


def _third_party() -> list[str]:
    """Modules named by the entry-point group. The metadata library takes longer to load than a small scan
    takes altogether, so it is asked only where some installed package mentions the group."""
    for directory in sys.path:
        try:
            names = os.listdir(directory or ".")
        except OSError:
            continue
        for name in names:
            if not name.endswith(".dist-info"):
                continue
            try:
                with open(os.path.join(directory, name, "entry_points.txt"), "rb") as file:
                    if b"[violet.checks]" not in file.read():
                        continue
            except OSError:
                continue
            from importlib.metadata import entry_points

            return sorted(point.value.partition(":")[0] for point in entry_points(group="violet.checks"))
    return []
