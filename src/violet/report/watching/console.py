"""A frame for a terminal: figures of the whole, then clients, detectors, alerts, rulings, and what is behind them."""

from __future__ import annotations

import datetime
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from violet.domain.alert import Response
from violet.report.layout import BLANK, DEFAULT_WIDTH, Line, Span, cells, line, printed, wrapped
from violet.report.visible import visible

if TYPE_CHECKING:
    from violet.domain.alert import Alert, Ruling
    from violet.domain.guard_status import ClientStatus, DetectorStatus, SharingStatus, SpoolStatus, Watched

_NARROWEST, _WIDEST = 40, 200
_GAP = "  "
_ROOMY = 140
"""Columns from which an alert has a line with room for what was seen."""
_ALERTS = ("", "severity", "client", "detector", "what")
_LEAST_LINES = 4
"""Of a table, where there is anything to show: title, header, a row, and how many more there are."""
Cell = tuple[str, str]
"""Text and style."""


def render(watched: Watched, *, width: int | None = None, color: bool = False) -> str:
    return printed(lay_out(watched, width=width), color=color)


def lay_out(watched: Watched, *, width: int | None = None, height: int | None = None) -> list[Line]:
    """``height``: no more lines than that; tables give way, the longest first."""
    wide = min(max(width or DEFAULT_WIDTH, _NARROWEST), _WIDEST)
    head = _head(watched, wide)
    tables = [
        _alert_table(watched, wide) if height is None else _table("Alerts", _ALERTS, _alerts(watched), wide, give=4),
        _table("Clients", ("client", "rows/s", "rows", "suspicion", "by", "response"), _clients(watched), wide, give=0),
        _table("Rulings", ("client", "response", "ends", "by", "reason"), _rulings(watched), wide, give=0),
        _detector_table(watched, wide),
        _table("Behind it", ("worker", "part", "state", ""), _behind(watched), wide, give=3),
    ]
    tables = [table for table in tables if table]
    if height is not None:
        _fit(tables, max(height - len(head), 0))
    lines = list(head)
    for table in tables:
        lines += [BLANK, *table]
    return lines[:height] if height is not None else lines


def _fit(tables: list[list[Line]], room: int) -> None:
    """The last tables go where even the shortest of all find no room; then the longest is shortened until all fit."""
    while tables and sum(min(len(table), _LEAST_LINES) + 1 for table in tables) > room:
        tables.pop()
    taken = [len(table) for table in tables]
    while sum(taken) + len(taken) > room:
        taken[taken.index(max(taken))] -= 1
    for number, (table, rows) in enumerate(zip(tables, taken, strict=True)):
        if rows < len(table):
            left = len(table) - rows + 1
            tables[number] = [*table[: rows - 1], line(f"  and {left:,} more", "dim")]


def _head(watched: Watched, wide: int) -> list[Line]:
    at = _clock(watched.at)
    title = f"{watched.model or 'guard'} ({watched.mode or 'not running'})"
    where = f" -> {watched.upstream}" if watched.upstream else ""
    lines: list[Line] = [(Span(_cut(visible(title + where), wide - len(at) - 2), "heading"), Span(f"  {at}", "dim"))]
    figures = [
        f"{watched.rate:,.1f} requests/s",
        f"{watched.row_rate:,.1f} rows/s",
        f"{watched.requests:,} requests",
        f"{watched.known_clients:,} clients",
        f"{watched.refused:,} refused",
        f"{watched.delayed:,} delayed",
        f"{watched.live} of {len(watched.workers)} workers",
    ]
    if watched.upstream_errors:
        figures.append(f"{watched.upstream_errors:,} upstream errors")
    if watched.memory:
        figures.append(_bytes(watched.memory))
    lines += wrapped(" · ".join(figures), wide)
    for notice in watched.notices:
        lines += wrapped(f"! {visible(notice)}", wide, "warn")
    return lines


def _alert_table(watched: Watched, wide: int) -> list[Line]:
    """As many lines as it takes: where a line has no room for what was seen, that stands below it."""
    rows = _alerts(watched)
    if not rows or wide >= _ROOMY:
        return _table("Alerts", _ALERTS, rows, wide, give=4)
    title, header, *short = _table("Alerts", _ALERTS[:-1], [row[:-1] for row in rows], wide, give=2)
    lines = [title, header]
    for about, row in zip(short, rows, strict=True):
        lines += [about, *wrapped(visible(row[-1][0]), wide, "dim", len("00:00:00") + len(_GAP))]
    return lines


def _alerts(watched: Watched) -> list[list[Cell]]:
    return [_alert(alert) for alert in watched.alerts]


def _alert(alert: Alert) -> list[Cell]:
    severity = str(alert.severity)
    what = alert.evidence.summary or alert.title
    return [
        (_clock(alert.at), "dim"),
        (severity, severity),
        (alert.client or "(all traffic)", ""),
        (alert.detector, ""),
        (what, "dim"),
    ]


def _clients(watched: Watched) -> list[list[Cell]]:
    return [_client(client) for client in watched.clients]


def _client(client: ClientStatus) -> list[Cell]:
    style = "high" if client.suspicion >= 1 else "medium" if client.suspicion >= 0.7 else ""
    done = client.response != Response.ALLOW.value
    return [
        (client.client, style),
        (f"{client.rate:,.1f}", ""),
        (f"{client.rows:,}", ""),
        (_share(client.suspicion), style),
        (client.detector, ""),
        (client.response if done else "-", "warn" if done else "dim"),
    ]


def _rulings(watched: Watched) -> list[list[Cell]]:
    return [_ruling(ruling, watched.at) for ruling in watched.rulings]


def _ruling(ruling: Ruling, at: float) -> list[Cell]:
    about = f" ({ruling.model})" if ruling.model else ""
    return [
        (ruling.client + about, ""),
        (ruling.response.value, "deny" if ruling.response.blocks else "warn"),
        (_left(ruling.until - at), ""),
        (ruling.by, ""),
        (ruling.reason, "dim"),
    ]


def _detector_table(watched: Watched, wide: int) -> list[Line]:
    """Those that run, the one nearest to its threshold first; then why the others do not."""
    running = sorted((one for one in watched.detectors if not one.why), key=lambda one: (-_reach(one), one.id))
    header = ("detector", "peak", "threshold", "alerts", "us/row")
    lines = _table("Detectors", header, [_detector(one) for one in running], wide, give=0)
    reasons: dict[str, list[str]] = {}
    for one in watched.detectors:
        if one.why:
            reasons.setdefault(one.why, []).append(one.id)
    if reasons and not lines:
        lines.append(line("Detectors", "heading"))
    for why, names in reasons.items():
        lines += wrapped(visible(f"{len(names)} not running ({why}): {', '.join(names)}"), wide, "dim")
    return lines


def _detector(one: DetectorStatus) -> list[Cell]:
    reach = _reach(one)
    style = "high" if reach >= 1 else "medium" if reach >= 0.7 else ""
    return [
        (one.id, style),
        (_number(one.peak), style),
        (_number(one.threshold), ""),
        (f"{one.alerts:,}", "high" if one.alerts else ""),
        (f"{one.microseconds:.1f}", ""),
    ]


def _reach(one: DetectorStatus) -> float:
    if not 0 < one.threshold < math.inf or not math.isfinite(one.peak):
        return 0.0
    return one.peak / one.threshold


def _behind(watched: Watched) -> list[list[Cell]]:
    rows: list[list[Cell]] = []
    for seen in watched.workers:
        if seen.status is None:
            rows.append([(seen.worker, "dim"), ("status", ""), ("unknown", "warn"), (seen.problem, "dim")])
            continue
        if seen.problem:
            rows.append([(seen.worker, "dim"), ("status", ""), ("old", "warn"), (seen.problem, "dim")])
            continue
        if seen.status.sharing.state != "off":
            rows.append(_sharing(seen.worker, seen.status.sharing))
        if seen.status.spool is not None:
            rows.append(_spool(seen.worker, seen.status.spool))
    for queue in watched.queues:
        full = queue.limit and queue.length >= 0.8 * queue.limit
        state = f"{queue.length:,} of {queue.limit:,}"
        dropped = f"{queue.dropped:,} dropped" if queue.dropped else ""
        rows.append([("all", "dim"), (f"queue {queue.name}", ""), (state, "warn" if full else ""), (dropped, "warn")])
    return rows


def _sharing(worker: str, sharing: SharingStatus) -> list[Cell]:
    said = f"{sharing.board}: {sharing.peers} others, {sharing.sent:,} sent, {sharing.received:,} received"
    if sharing.refused:
        said += f", {sharing.refused:,} refused"
    if sharing.pending:
        said += f", {sharing.pending:,} pending"
    style = "warn" if sharing.state == "alone" else ""
    return [(worker, "dim"), ("sharing", ""), (sharing.state, style), (sharing.why or said, "dim")]


def _spool(worker: str, spool: SpoolStatus) -> list[Cell]:
    said = f"{spool.accepted:,} kept, {spool.queued:,} queued, {_bytes(spool.bytes)} of {_bytes(spool.limit)}"
    if spool.left_out:
        said += f", {spool.left_out:,} left out"
    if spool.unread:
        said += f", {spool.unread:,} segments removed unread"
    style = "warn" if spool.state == "stopped" else ""
    return [(worker, "dim"), ("spool", ""), (spool.state, style), (spool.why or said, "dim")]


# -- tables ----------------------------------------------------------------------------------------------------------


def _table(title: str, header: Sequence[str], rows: list[list[Cell]], wide: int, give: int) -> list[Line]:
    """A title, a header, a line a row; nothing where there are none. Column ``give`` gives way first where there is no
    room, then whichever is widest."""
    if not rows:
        return []
    shown = [[(visible(text), style) for text, style in row] for row in rows]
    need = [max(cells(header[at]), *(cells(row[at][0]) for row in shown)) for at in range(len(header))]
    room = wide - len(_GAP) * (len(header) - 1)
    least = min(12, need[give])
    need[give] = max(least, min(need[give], room - sum(need) + need[give]))
    while sum(need) > room and max(need) > 1:
        need[need.index(max(need))] -= 1
    lines: list[Line] = [line(title, "heading")]
    if any(header):
        lines.append(_row([(name, "dim") for name in header], need, shown))
    lines += [_row(row, need, shown) for row in shown]
    return lines


def _row(row: Sequence[Cell], need: Sequence[int], all: Sequence[Sequence[Cell]]) -> Line:
    spans: list[Span] = []
    for at, (text, style) in enumerate(row):
        cut = _cut(text, need[at])
        padding = " " * (need[at] - cells(cut))
        number = _all_numbers(all, at)
        spans += [Span(padding), Span(cut, style)] if number else [Span(cut, style), Span(padding)]
        spans.append(Span(_GAP))
    while spans and not spans[-1].text.strip(" "):
        spans.pop()
    return tuple(spans)


def _all_numbers(rows: Sequence[Sequence[Cell]], at: int) -> bool:
    """Whether a column holds numbers alone, which stand to the right."""
    texts = [row[at][0] for row in rows if row[at][0]]
    return bool(texts) and all(
        text.strip("-+%").replace(",", "").replace(".", "").isdigit() or text == "-" for text in texts
    )


def _cut(text: str, width: int) -> str:
    """What does not fit ends in an ellipsis."""
    if cells(text) <= width:
        return text
    kept, used = "", 0
    for character in text:
        size = cells(character)
        if used + size > width - 1:
            break
        kept, used = kept + character, used + size
    return kept + "…" if width > 0 else ""


def _clock(at: float) -> str:
    try:
        return f"{datetime.datetime.fromtimestamp(at, datetime.UTC):%H:%M:%S}"
    except (ValueError, OverflowError, OSError):
        return "--:--:--"


def _left(seconds: float) -> str:
    if math.isinf(seconds):
        return "when released"
    if seconds < 120:
        return f"in {max(seconds, 0):.0f} s"
    return f"in {seconds / 60:.0f} min" if seconds < 7_200 else f"in {seconds / 3_600:.0f} h"


def _share(value: float) -> str:
    return f"{100 * value:,.0f}%" if math.isfinite(value) and value < 1e4 else ">10,000" if value > 0 else "-"


def _number(value: float) -> str:
    if not math.isfinite(value):
        return "-"
    return f"{value:,.2f}" if 0.01 <= abs(value) < 1e6 or value == 0 else f"{value:.2g}"


def _bytes(size: float) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1_000 or unit == "GB":
            return f"{size:,.0f} {unit}"
        size /= 1_000
    return ""
