"""Made-up contexts, to see what an expression can say: one that is true of all of them asks nothing.

They are drawn from the schema with a fixed seed, and with the values that the expression itself compares with, so
that both sides of its comparisons occur.
"""

from __future__ import annotations

import datetime
import random
from typing import TYPE_CHECKING, Any

from violet.policy.cel.tree import Literal, Node, children
from violet.policy.expression import Truth, evaluate
from violet.policy.schema import VARIABLES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from violet.policy.cel.types import Type
    from violet.policy.expression import Expression

SAMPLES = 96
_SEED = 20_261_120
_NOW = datetime.datetime(2026, 11, 20, tzinfo=datetime.UTC)


def always_true(asked: Expression) -> bool:
    """Whether no context was found in which the expression does not hold."""
    if asked.constant:
        return evaluate(asked, {}).truth is Truth.YES
    return all(evaluate(asked, context).truth is Truth.YES for context in contexts(asked))


def contexts(asked: Expression) -> Iterator[dict[str, Any]]:
    """Contexts with all evidence in them, the emptiest first."""
    dice = random.Random(_SEED)
    hints = tuple(dict.fromkeys(_literals(asked.node)))
    for number in range(SAMPLES):
        made = _Maker(dice, hints, empty=number == 0)
        yield {variable.name: made.value(variable.type) for variable in VARIABLES if variable.name in asked.uses}


def _literals(node: Node) -> Iterator[Any]:
    if isinstance(node, Literal) and node.value is not None and not isinstance(node.value, bool):
        yield node.value
    for child in children(node):
        yield from _literals(child)


class _Maker:
    def __init__(self, dice: random.Random, hints: tuple[Any, ...], *, empty: bool) -> None:
        self._dice = dice
        self._texts = [hint for hint in hints if isinstance(hint, str)]
        self._numbers = [hint for hint in hints if not isinstance(hint, str)]
        self._empty = empty

    def value(self, kind: Type, depth: int = 0) -> Any:
        dice = self._dice
        match kind.kind:
            case "bool":
                return False if self._empty else dice.random() < 0.5
            case "int":
                return 0 if self._empty else dice.choice([0, 4, -1, *self._near(int)])
            case "double":
                return 0.0 if self._empty else dice.choice([0.0, 1e9, -1.0, *self._near(float)])
            case "string":
                if kind.values:
                    return kind.values[0] if self._empty else dice.choice(kind.values)
                return "" if self._empty else dice.choice(["", "else", *self._texts])
            case "timestamp":
                return _NOW + datetime.timedelta(days=dice.randint(-4000, 4000))
            case "duration":
                return datetime.timedelta(hours=dice.choice([0, 1, 24 * 20, 24 * 400, 24 * 20_000]))
            case "list":
                count = 0 if self._empty or depth > 4 else dice.choice([0, 1, 1, 2])
                return [self.value(kind.element, depth + 1) for _ in range(count)] if kind.element else []
            case "map":
                return {}
            case "object":
                return {
                    name: self._field(name, entry.type, depth + 1)
                    for name, entry in kind.fields.items()
                    if not entry.optional or (not self._empty and dice.random() < 0.7)
                }
            case _:
                return None

    def _field(self, name: str, kind: Type, depth: int) -> Any:
        if name == "severity":  # the one number that has names, and so an end
            return 0 if self._empty else self._dice.randint(0, 4)
        return self.value(kind, depth)

    def _near(self, kind: type[int] | type[float]) -> list[Any]:
        return [kind(number + step) for number in self._numbers for step in (-1, 0, 1)]
