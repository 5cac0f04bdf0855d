"""The functions that expressions may call: those of the engine, and three that are worked out beforehand."""

from __future__ import annotations

from dataclasses import dataclass

from violet.policy.cel.types import ANY, BOOL, DOUBLE, DURATION, INT, STRING, TIMESTAMP, Type, list_of, map_of


@dataclass(frozen=True, slots=True)
class Function:
    """``target`` is the type before the dot of a method (``None``: a plain function)."""

    arguments: tuple[Type, ...]
    result: Type
    target: Type | None = None


_SIZED = (STRING, list_of(ANY), map_of(ANY))

FUNCTIONS: dict[str, tuple[Function, ...]] = {
    "size": (
        *(Function((kind,), INT) for kind in _SIZED),
        *(Function((), INT, kind) for kind in _SIZED),
    ),
    "contains": (Function((STRING,), BOOL, STRING),),
    "startsWith": (Function((STRING,), BOOL, STRING),),
    "endsWith": (Function((STRING,), BOOL, STRING),),
    "matches": (Function((STRING,), BOOL, STRING),),
    "string": tuple(Function((kind,), STRING) for kind in (STRING, INT, DOUBLE, TIMESTAMP, DURATION)),
    "int": tuple(Function((kind,), INT) for kind in (INT, DOUBLE, STRING)),
    "double": tuple(Function((kind,), DOUBLE) for kind in (INT, DOUBLE, STRING)),
    "timestamp": (Function((STRING,), TIMESTAMP),),
    "duration": (Function((STRING,), DURATION),),
    "getFullYear": (Function((), INT, TIMESTAMP),),
    "getMonth": (Function((), INT, TIMESTAMP),),
    "getDayOfMonth": (Function((), INT, TIMESTAMP),),
    "getDayOfWeek": (Function((), INT, TIMESTAMP),),
    "getHours": (Function((), INT, TIMESTAMP),),
    "severity": (Function((STRING,), INT),),
    "days": (Function((INT,), DURATION),),
    "hours": (Function((INT,), DURATION),),
}
"""By name. ``severity``, ``days`` and ``hours`` take a literal: they are replaced by what they mean before the
engine sees them, so that no function of ours ever runs inside it."""

WORKED_OUT = frozenset({"severity", "days", "hours"})
