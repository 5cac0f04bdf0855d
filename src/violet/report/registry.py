"""Promotions and what a watch saw, as lines and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from violet.domain.registry import WatchAction
from violet.report.visible import visible, visible_lines

if TYPE_CHECKING:
    from violet.domain.registry import Promotion, WatchEvent

_SAID = {
    WatchAction.ALLOWED: "allowed: version {version}",
    WatchAction.REVERTED: "DENIED: version {version}, put back to {to}",
    WatchAction.REMOVED: "DENIED: version {version}, the alias is taken away",
    WatchAction.WOULD_REVERT: "DENIED: version {version}, would be put back to {to}",
    WatchAction.WOULD_REMOVE: "DENIED: version {version}, the alias would be taken away",
    WatchAction.MOVED_ON: "denied: version {version}, but somebody has moved the alias meanwhile",
    WatchAction.GONE: "gone: it stood for version {version}",
    WatchAction.FAILED: "FAILED: version {version}, nothing is known",
}


def event_line(event: WatchEvent) -> str:
    """One line: when, which alias, what was done and why."""
    said = _SAID[event.action].format(version=event.version or "?", to=event.to)
    reason = f" {event.reason}" if event.reason else ""
    return visible(f"{event.time:%Y-%m-%dT%H:%M:%SZ} {event.model}@{event.alias} {said}.{reason}")


def event_content(event: WatchEvent) -> dict[str, Any]:
    """``time`` (ISO 8601, UTC), ``action``, ``model``, ``alias``, ``version``, ``to``, ``reason``, ``digest``."""
    return {
        "time": event.time.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "action": event.action.value,
        "model": event.model,
        "alias": event.alias,
        "version": event.version,
        "to": event.to,
        "reason": event.reason,
        "digest": event.digest,
    }


def promotion_line(promotion: Promotion, fetch: str) -> str:
    """What became of the alias, and the command that gets at the files that the decision speaks of."""
    return visible_lines(f"{_outcome(promotion)}\nIts files: {fetch}")


def _outcome(promotion: Promotion) -> str:
    name, version = f"{promotion.version.model}@{promotion.alias}", promotion.version.version
    before = f"version {promotion.previous}" if promotion.previous else "nothing"
    if promotion.changed:
        text = f"{name} stands for version {version} now (before: {before})."
        return f"{text}\nUndo: {promotion.undo}" if promotion.undo else text
    if promotion.previous == version:
        return f"{name} stands for version {version}, as it did before."
    return f"{name} was not changed: it stands for {before}."
