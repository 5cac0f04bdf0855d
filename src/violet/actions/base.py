"""What an action is: it looks at a file in a worker, plans without changing anything, applies, and can be undone.

``actions/<name>.py`` holds a docstring (what it changes, when that is exact, what it refuses, how it is undone) and
``ACTION = Action(...)``; nothing else is touched: discovery walks the package.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

from violet.domain.discovery import module_names
from violet.domain.fix import Fix, Unfixed

if TYPE_CHECKING:
    from collections.abc import Callable

    from violet.actions.journal import Journal
    from violet.domain.vulnerability import VexStatement

GROUPS = ("convert", "loading", "pins")
"""The words of ``violet fix --only``."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What is asked of every action.

    ``replace``: a converted original is moved aside. ``tied``: tensors that share all their elements are written
    ``duplicate`` or ``once``. ``aggressive``: rewrite what is exact for benign input only where the author has
    explicitly said otherwise. ``intel`` is the directory of the imported advisories (``""``: none); ``vex`` are
    statements on which of these do not matter here.
    """

    replace: bool = False
    tied: str = "duplicate"
    aggressive: bool = False
    intel: str = ""
    vex: tuple[VexStatement, ...] = ()
    timeout: float = 120.0
    memory: int = 1 << 30


@dataclass(frozen=True, slots=True)
class Target:
    """A regular file: ``path`` opens it, ``shown`` is what users see, ``size`` is in bytes."""

    path: str
    shown: str
    size: int


@dataclass(frozen=True, slots=True)
class Planned:
    """A change that can be made: ``fix`` describes it; ``detail`` is what only the action understands."""

    fix: Fix
    detail: Any = None


@dataclass(frozen=True, slots=True)
class Plan:
    """What an action would do to a file, and what it would leave, with why. ``unexamined`` says why it could not look
    at the file (``""``: it could)."""

    planned: tuple[Planned, ...] = ()
    unfixed: tuple[Unfixed, ...] = ()
    unexamined: str = ""


@dataclass(frozen=True, slots=True)
class Action:
    """One kind of change.

    ``group`` is one of ``GROUPS``; ``undo`` says in one sentence what takes the change back. ``concerns(name)`` tells
    from a file's name whether it is worth looking at. ``payload(target, settings)`` is what ``examine`` is given, in
    a worker process: a function at the top of its module, from JSON to JSON. ``plan(target, answer, settings)`` turns
    the answer, which is not trusted, into a plan. ``apply(planned, target, settings, journal)`` makes one change and
    gives what was done, or why it could not be; it raises ``OSError`` where the system refuses.
    """

    id: str
    title: str
    group: str
    undo: str
    concerns: Callable[[str], bool]
    payload: Callable[[Target, Settings], Any]
    examine: Callable[[Any], Any]
    plan: Callable[[Target, Any, Settings], Plan]
    apply: Callable[[Planned, Target, Settings, Journal], Fix | Unfixed]


@cache
def actions() -> dict[str, Action]:
    """Every action by its id. Raises ``ValueError`` where two share one."""
    import violet.actions as package

    found: dict[str, Action] = {}
    for name in module_names(package.__path__):
        loaded = import_module(f"violet.actions.{name}")
        action = getattr(loaded, "ACTION", None)
        if not isinstance(action, Action):
            continue
        if action.id in found:
            raise ValueError(f"two actions are called {action.id!r}")
        found[action.id] = action
    return found


def help_of(action: Action) -> str:
    """The docstring of the file that the action stands in."""
    return import_module(f"violet.actions.{action.id.replace('-', '_')}").__doc__ or ""
