"""A notice in words, for people: chats, e-mails, log lines. Nothing in it can act on what shows it."""

from __future__ import annotations

from violet.domain.incident_alert import Notice, NoticeEvent
from violet.domain.shell import INVISIBLE
from violet.intel.atlas import TECHNIQUES
from violet.runtime.alerts.documents import replay_command, timestamp

SHOWN = 8
"""Clients, detectors or techniques that are named; of more, the number."""


def plain(text: str) -> str:
    """``text`` on one line, with everything that a terminal would obey or hide written out."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        character
        if character.isprintable() and character not in INVISIBLE
        else character.encode("unicode_escape").decode("ascii")
        for character in text
    )


def defanged(text: str) -> str:
    """``plain``, with nothing left that a chat would make a link, a mention or markup of: a client chooses its name,
    and could call everybody in the channel by it."""
    text = plain(text).replace("://", "[:]//").replace("@", "(at)")
    return text.translate({ord("<"): "‹", ord(">"): "›", ord("`"): "'", ord("*"): "∗", ord("["): "(", ord("]"): ")"})


def subject(notice: Notice) -> str:
    """One line of at most 200 characters."""
    mark = "TEST " if notice.event is NoticeEvent.TEST else ""
    state = "" if notice.incident.open else "ended: "
    return f"[{mark}{str(notice.incident.severity).upper()}] {state}{plain(notice.incident.title)}"[:200]


def body(notice: Notice, state: str = "") -> str:
    """The rest, some lines. ``state`` is the guard's directory, for the command that replays."""
    incident = notice.incident
    alert = incident.latest
    lines = [
        plain(notice.reason),
        f"{_named('Model', incident.models)} {_named('Client', incident.clients)}".strip(),
        _named("Detector", incident.detectors),
        _named("ATLAS", tuple(_technique(technique) for technique in incident.techniques)),
        f"{incident.count:,} alerts from {timestamp(incident.opened)} to {timestamp(incident.last)}.",
        f"Latest score: {alert.score:g} (threshold {alert.threshold:g}).",
        f"Response: {incident.response}, {'enforced' if incident.enforced else 'not enforced'}.",
        f"Incident {incident.id}, {notice.event}.",
    ]
    if notice.omitted:
        by = ", ".join(f"{count:,} {severity}" for severity, count in notice.omitted_by)
        lines.append(f"It stands for {notice.omitted:,} more notices ({by}): see the incident file.")
    if state:
        lines.append(f"Replay: {replay_command(alert, state)}")
    return "\n".join(line for line in lines if line)


def one_line(notice: Notice) -> str:
    """Subject and body as one line, for logs."""
    return f"{subject(notice)} -- " + " ".join(body(notice).split("\n"))


def _named(what: str, names: tuple[str, ...]) -> str:
    if not names:
        return ""
    shown = ", ".join(plain(name) for name in names[:SHOWN])
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return f"{what}: {shown}{more}."


def _technique(identity: str) -> str:
    name = TECHNIQUES.get(identity)
    return f"{identity} {name}" if name else identity
