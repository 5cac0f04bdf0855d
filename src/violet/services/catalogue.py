"""Every rule there is, with its help: those of the checks and those of the scan itself."""

from __future__ import annotations

import sys
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

from violet.domain import Rule, UsageError
from violet.domain.discovery import module_names

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class RuleEntry:
    """``formats`` are the formats whose files are asked (``*``: all; empty: the scan itself answers);
    ``module`` is where the rule stands."""

    __slots__ = ("formats", "module", "rule")

    def __init__(self, rule: Rule, formats: tuple[str, ...], module: str) -> None:
        self.rule = rule
        self.formats = formats
        self.module = module

    @property
    def help(self) -> str:
        """The docstring of the rule's file, in Markdown."""
        import inspect

        return inspect.cleandoc(sys.modules[self.module].__doc__ or "")


@cache
def rules() -> Mapping[str, RuleEntry]:
    """By rule id, sorted. Raises ``ValueError`` where two rules share an id."""
    from violet.checks.base import checks

    found = {entry.rule.id: RuleEntry(entry.rule, entry.formats, entry.module) for entry in checks()}
    for entry in _scan_rules():
        if entry.rule.id in found:
            raise ValueError(f"two rules are called {entry.rule.id!r}")
        found[entry.rule.id] = entry
    return dict(sorted(found.items()))


def _by_name(rule_id: str) -> RuleEntry | None:
    """The rule that stands where its id says, without loading any other."""
    family, _, name = rule_id.replace("-", "_").partition("/")
    for module in (f"violet.checks.{family}.{name}", f"violet.services.rules.{name}"):
        try:
            loaded = import_module(module)
        except ImportError:
            continue
        for entry in getattr(loaded, "__violet_checks__", ()):
            if entry.rule.id == rule_id:
                return RuleEntry(entry.rule, entry.formats, module)
        rule = getattr(loaded, "RULE", None)
        if rule is not None and rule.id == rule_id:
            return RuleEntry(rule, (), module)
    return None


def _scan_rules() -> list[RuleEntry]:
    import violet.services.rules as package

    names = [f"{package.__name__}.{name}" for name in module_names(package.__path__)]
    return [RuleEntry(import_module(name).RULE, (), name) for name in names]


def help_for(ids: Iterable[str]) -> tuple[dict[str, Rule], dict[str, str]]:
    """Rules and help texts of these ids, by id; unknown ids are left out."""
    wanted = sorted(set(ids))
    known: Mapping[str, RuleEntry] = {name: entry for name in wanted if (entry := _by_name(name))}
    if len(known) < len(wanted):
        known = rules()
    entries = [known[name] for name in wanted if name in known]
    return {e.rule.id: e.rule for e in entries}, {e.rule.id: e.help for e in entries}


def find(name: str) -> RuleEntry:
    """The rule of this id. Raises ``UsageError`` with the nearest id where there is none."""
    known = rules()
    if name in known:
        return known[name]
    import difflib

    bare = [key for key in known if key.partition("/")[2] == name]
    close = bare or difflib.get_close_matches(name, known, 1, 0.4)
    hint = f"Did you mean {close[0]!r}?" if close else "See: violet rules"
    raise UsageError(f"There is no rule {name!r}.", hint)
