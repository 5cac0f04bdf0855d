"""Waivers: read one, tell whether it counts, and for what."""

from __future__ import annotations

import datetime
import re
from typing import TYPE_CHECKING, Any

from violet.domain.gate import CheckedWaiver, Waiver, WaiverStatus
from violet.policy.glob import matches

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from violet.domain import Finding

PAYLOAD_TYPE = "application/vnd.violet.waiver.v1+json"
"""Of the DSSE envelope that a waiver is kept in."""
LONGEST_REASON = 2000
_FINGERPRINT = re.compile(r"[0-9a-f]{32}")
_DIGEST = re.compile(r"[A-Za-z0-9]+:[0-9a-f]{32,128}")
_FIELDS = (
    "id",
    "fingerprint",
    "requirement",
    "model",
    "environment",
    "content",
    "owner",
    "approver",
    "reason",
    "created",
    "expires",
)
_NEEDED = ("id", "owner", "approver", "reason", "created", "expires")


def document(waiver: Waiver) -> dict[str, str]:
    """The payload that is signed: texts only, days as ``2027-01-31``."""
    values = {name: getattr(waiver, name) for name in _FIELDS}
    return {
        name: value.isoformat() if isinstance(value, datetime.date) else value
        for name, value in values.items()
        if value != ""
    }


def read(value: Any, path: str = "", digest: str = "") -> Waiver:
    """The waiver in a payload. Raises ``ValueError`` with a clause that says what is wrong with it."""
    if not isinstance(value, dict) or not all(isinstance(text, str) for text in value.values()):
        raise ValueError("it is no object of texts")
    for name in value:
        if name not in _FIELDS:
            raise ValueError(f"it has {name!r}, which a waiver does not have")
    for name in _NEEDED:
        if not value.get(name, "").strip():
            raise ValueError(f"it has no {name}")
    fingerprint, requirement = value.get("fingerprint", ""), value.get("requirement", "")
    if bool(fingerprint) == bool(requirement):
        raise ValueError("it must be for one finding or for one requirement")
    if fingerprint and not _FINGERPRINT.fullmatch(fingerprint):
        raise ValueError("its fingerprint is not 32 hexadecimal digits")
    if value.get("content") and not _DIGEST.fullmatch(value["content"]):
        raise ValueError("its content is no digest such as sha256:...")
    if len(value["reason"]) > LONGEST_REASON:
        raise ValueError(f"its reason is longer than {LONGEST_REASON:,} characters")
    created, expires = _day(value["created"], "created"), _day(value["expires"], "expires")
    if expires < created:
        raise ValueError("it expires before it was made")
    return Waiver(
        id=value["id"],
        owner=value["owner"],
        approver=value["approver"],
        reason=value["reason"],
        created=created,
        expires=expires,
        fingerprint=fingerprint,
        requirement=requirement,
        model=value.get("model", "*"),
        environment=value.get("environment", ""),
        content=value.get("content", ""),
        path=path,
        digest=digest,
    )


def check(waiver: Waiver, signers: Sequence[str], today: datetime.date, max_days: int) -> CheckedWaiver:
    """Whether a waiver whose signature holds counts today. ``signers`` are the names of those who signed it and
    whose word counts for waivers."""
    status, reason = WaiverStatus.VALID, ""
    if same_person(waiver.owner, waiver.approver):
        status, reason = WaiverStatus.SELF_APPROVED, f"{waiver.owner} approved it for themself"
    elif not any(same_person(waiver.approver, signer) for signer in signers):
        status = WaiverStatus.WRONG_APPROVER
        reason = f"it names {waiver.approver} as the approver, but {' and '.join(signers)} signed it"
    elif any(same_person(waiver.owner, signer) for signer in signers):
        status, reason = WaiverStatus.SELF_APPROVED, f"its owner {waiver.owner} is among those who signed it"
    elif waiver.expires < today:
        status, reason = WaiverStatus.EXPIRED, f"it ran out on {waiver.expires.isoformat()}"
    elif waiver.created > today + datetime.timedelta(days=1):
        status, reason = WaiverStatus.NOT_YET_VALID, f"it was made on {waiver.created.isoformat()}, which is to come"
    elif (waiver.expires - waiver.created).days > max_days:
        days = (waiver.expires - waiver.created).days
        status = WaiverStatus.TOO_LONG
        reason = f"it holds for {days} days, and the policy allows {max_days}"
    return CheckedWaiver(waiver.path, status, waiver, reason)


def same_person(one: str, other: str) -> bool:
    """Names that differ only in case, blanks and what cannot be seen are one person's."""
    return _folded(one) == _folded(other)


def _folded(name: str) -> str:
    import unicodedata

    plain = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    seen = "".join(c for c in plain if unicodedata.category(c) not in ("Cf", "Cc", "Mn") or c.isspace())
    return " ".join(seen.split())


def applies(waiver: Waiver, model: Mapping[str, Any], environment: str) -> bool:
    """Whether it is for this model (``name`` and ``digest``) and environment."""
    return (
        matches(waiver.model, str(model["name"]))
        and waiver.environment in ("", environment)
        and waiver.content in ("", model["digest"])
    )


def waived_fingerprints(waivers: Iterable[Waiver], model: Mapping[str, Any], environment: str) -> dict[str, Waiver]:
    """By fingerprint, the waivers of findings that hold for this model; the one that lasts longest of several."""
    found: dict[str, Waiver] = {}
    for waiver in sorted(waivers, key=lambda w: (w.expires, w.id)):
        if waiver.fingerprint and applies(waiver, model, environment):
            found[waiver.fingerprint] = waiver
    return found


def waived_requirements(waivers: Iterable[Waiver], model: Mapping[str, Any], environment: str) -> dict[str, Waiver]:
    """By name, the waivers of requirements that hold for this model."""
    found: dict[str, Waiver] = {}
    for waiver in sorted(waivers, key=lambda w: (w.expires, w.id)):
        if waiver.requirement and applies(waiver, model, environment):
            found[waiver.requirement] = waiver
    return found


def split(findings: Sequence[Finding], waivers: Iterable[Waiver]) -> tuple[tuple[Finding, ...], tuple[Finding, ...]]:
    """The findings of a scan that count, and those that are waived. A scan knows neither environment nor digest,
    so waivers for one do not count; and it may be of many models, so a waiver is for a finding whose path holds the
    model's name."""
    by_print: dict[str, list[Waiver]] = {}
    for waiver in waivers:
        if waiver.fingerprint and not waiver.environment and not waiver.content:
            by_print.setdefault(waiver.fingerprint, []).append(waiver)
    waived = tuple(f for f in findings if any(_names(w, f) for w in by_print.get(f.fingerprint, ())))
    if not waived:
        return tuple(findings), ()
    out = {id(finding) for finding in waived}
    return tuple(f for f in findings if id(f) not in out), waived


def _names(waiver: Waiver, finding: Finding) -> bool:
    parts = finding.location.path.partition("!")[0].replace("\\", "/").split("/")
    return waiver.model == "*" or any(matches(waiver.model, part) for part in parts)


def _day(text: str, name: str) -> datetime.date:
    try:
        if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
            raise ValueError
        return datetime.date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"its {name} is no day such as 2027-01-31") from None
