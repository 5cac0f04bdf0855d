"""Which detectors there are, for who wants to know."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DetectorEntry:
    """``needs`` in words; ``microseconds`` what a row costs; ``help`` the docstring of its file."""

    id: str
    title: str
    stage: str
    severity: str
    accuses: str
    needs: tuple[str, ...]
    default: bool
    response: str
    threshold: float
    unit: str
    microseconds: float
    techniques: tuple[str, ...]
    options: tuple[tuple[str, str], ...]
    help: str


def catalogue() -> tuple[DetectorEntry, ...]:
    """All of them, by id. Raises ``MissingExtraError`` without numpy."""
    from violet.services.guarding.needs import require_guard

    require_guard()
    from violet.detectors.base import Needs, detectors

    return tuple(
        DetectorEntry(
            id=name,
            title=entry.facts.title,
            stage=entry.facts.stage.value,
            severity=str(entry.facts.severity),
            accuses=entry.facts.accuses.value,
            needs=tuple(str(one.name).lower() for one in Needs if one and one in entry.facts.needs),
            default=entry.facts.default,
            response=entry.facts.response.value,
            threshold=entry.facts.threshold,
            unit=entry.facts.unit,
            microseconds=entry.facts.microseconds,
            techniques=entry.facts.techniques,
            options=tuple((key, str(value)) for key, value in entry.facts.options.items()),
            help=entry.help,
        )
        for name, entry in detectors().items()
    )
