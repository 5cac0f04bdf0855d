"""Compile an expression once, and ask it of many contexts: every way in which it can go wrong has a name."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from violet.policy.cel.check import check
from violet.policy.cel.parser import ExpressionError, parse
from violet.policy.cel.tree import Macro, Node, children, selected, spelled, variables
from violet.policy.schema import CONTEXT, sources

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Answer", "Expression", "ExpressionError", "Truth", "compiled", "evaluate", "expression"]


class Truth(enum.Enum):
    """What an expression says: besides yes and no, that something it needs is missing, or that it broke."""

    YES = "yes"
    NO = "no"
    MISSING = "missing"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Answer:
    """``reason`` is a clause, empty for yes and no."""

    truth: Truth
    reason: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Expression:
    """``source`` is what somebody wrote, ``node`` the checked tree, ``canonical`` what the engine runs; ``uses`` are
    the names of the context in it, ``needs`` the evidence behind them."""

    source: str
    node: Node
    canonical: str
    uses: tuple[str, ...]
    needs: tuple[str, ...]

    @property
    def constant(self) -> bool:
        """It asks about nothing."""
        return not self.uses


@lru_cache(maxsize=1024)
def expression(source: str) -> Expression:
    """Parse and check an expression. Raises ``ExpressionError``."""
    return compiled(check(parse(source), CONTEXT), source)


def compiled(node: Node, source: str = "") -> Expression:
    """An expression from a checked tree. Raises ``ExpressionError`` where the engine does not take it."""
    canonical = spelled(node)
    uses = variables(node)
    _program(canonical)
    return Expression(
        source or canonical, node, canonical, tuple(name for name in CONTEXT if name in uses), sources(uses)
    )


def evaluate(asked: Expression, context: Mapping[str, Any]) -> Answer:
    """The answer in a context. Variables that are not in it are missing evidence. Never raises."""
    long = _too_long(asked.node, context)
    if long:
        return Answer(Truth.BROKEN, long)
    try:
        result = value(asked.canonical, relevant(asked.node, context))
    except _Broken as error:
        return Answer(error.truth, str(error))
    if isinstance(result, bool):
        return Answer(Truth.YES if result else Truth.NO)
    return Answer(Truth.BROKEN, f"the expression is a {type(result).__name__}, not true or false")


LONGEST_LIST = 2_000
"""Items of a list for which ``filter`` and ``map``, and questions within questions, are asked: what the engine does for
them grows with the square, and whoever makes a model can make it give many findings."""


def _too_long(node: Node, context: Mapping[str, Any]) -> str:
    if not _squared(node, within=False):
        return ""
    for name in variables(node):
        given = context.get(name)
        lists = [given] if isinstance(given, list) else given.values() if isinstance(given, dict) else ()
        longest = max((len(part) for part in lists if isinstance(part, list)), default=0)
        if longest > LONGEST_LIST:
            most = f"filter, map and questions within questions take {LONGEST_LIST:,}"
            return f"{name} has {longest:,} items, and {most}"
    return ""


@lru_cache(maxsize=1024)
def _squared(node: Node, *, within: bool) -> bool:
    if isinstance(node, Macro):
        return within or node.macro in ("filter", "map") or any(_squared(n, within=True) for n in children(node))
    return any(_squared(child, within=within) for child in children(node))


def relevant(node: Node, context: Mapping[str, Any]) -> dict[str, Any]:
    """The part of a context that an expression asks about: of the items of lists, only fields that it names. The
    engine takes over every value that it is given, which for many findings is most of the work."""
    fields = selected(node)
    return {name: _narrowed(context[name], fields) for name in variables(node) if name in context}


def _narrowed(given: Any, fields: frozenset[str] | None) -> Any:
    if fields is None or not isinstance(given, list) or not all(isinstance(item, dict) for item in given):
        return given
    return [{name: item[name] for name in fields if name in item} for item in given]


def value(canonical: str, context: Mapping[str, Any]) -> Any:
    """The value of a checked expression in canonical spelling. Raises ``_Broken``."""
    try:
        return _program(canonical).execute(dict(context))
    except (KeyboardInterrupt, SystemExit, MemoryError):
        raise
    except BaseException as error:  # the engine's panics are no Exception
        raise _broken(error, canonical, context) from None


class _Broken(Exception):
    def __init__(self, truth: Truth, reason: str) -> None:
        super().__init__(reason)
        self.truth = truth


def _broken(error: BaseException, canonical: str, context: Mapping[str, Any]) -> _Broken:
    if isinstance(error, KeyError):
        return _Broken(Truth.MISSING, f"the field {str(error.args[0]) if error.args else ''!r} is not recorded")
    used = variables(parse_canonical(canonical))
    missing = [name for name in CONTEXT if name in used and name not in context]
    if isinstance(error, RuntimeError) and missing:
        return _Broken(Truth.MISSING, f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing")
    kinds = {
        ZeroDivisionError: "it divides by zero",
        OverflowError: "a number in it grows too large",
        IndexError: "it asks for an item that a list does not have",
        TypeError: "it compares or combines values of different types",
    }
    for kind, reason in kinds.items():
        if isinstance(error, kind):
            return _Broken(Truth.BROKEN, reason)
    text = str(error).partition(". Check")[0].partition("\n")[0]
    return _Broken(Truth.BROKEN, f"the engine refuses it: {text[:200]}")


@lru_cache(maxsize=1024)
def parse_canonical(canonical: str) -> Node:
    return parse(canonical)


@lru_cache(maxsize=1024)
def _program(canonical: str) -> Any:
    import cel

    try:
        return cel.compile(canonical)
    except (KeyboardInterrupt, SystemExit, MemoryError):
        raise
    except BaseException as error:
        text = str(error).partition("ERROR:")[2] or str(error)
        raise ExpressionError(f"the engine does not take it: {text.partition(chr(10))[0][:160].strip()}", 0) from None
