"""Formats for other machines, read back by small readers written from the standards."""

from __future__ import annotations

import json
import re

from cloudevents.core.bindings.http import HTTPMessage, from_http_event
from cloudevents.core.formats.json import JSONFormat
from hypothesis import given
from hypothesis import strategies as st

from tests.runtime.alerts.made import HOSTILE, alert, alerts, hostile_notice, notice, notices
from violet.domain.alert import Alert
from violet.runtime.alerts.cef import cef
from violet.runtime.alerts.documents import dump, notice_document
from violet.runtime.alerts.formats import encode
from violet.runtime.alerts.routing import FORMATS
from violet.runtime.alerts.syslog import LONGEST, LONGEST_DATAGRAM, message
from violet.runtime.alerts.text import body, defanged, one_line, plain, subject


def read_cef(line: str) -> tuple[list[str], dict[str, str]]:
    """Header fields and extensions, as the CEF implementation standard has them."""
    assert line.startswith("CEF:0|")
    match = re.match(r"((?:\\.|[^|\\])*)\|" * 7, line)
    assert match
    fields, extension = list(match.groups()), line[match.end() :]
    keys = list(re.finditer(r"(?:^| )([A-Za-z0-9]+)=", re.sub(r"\\.", "__", extension)))
    ends = [match.start() for match in keys[1:]] + [len(extension)]
    values = {m[1]: extension[m.end() : end] for m, end in zip(keys, ends, strict=True)}
    return fields, {name: re.sub(r"\\(.)", r"\1", value) for name, value in values.items()}


def read_syslog(data: bytes) -> tuple[int, list[str], dict[str, str], str]:
    """Priority, header, structured data and text (RFC 5424, 6)."""
    match = re.fullmatch(
        rb'<(\d{1,3})>1 (\S+) (\S+) (\S+) (\S+) (\S+) \[violet@32473((?: [a-z]+="(?:\\["\\\]]|[^"\\\]])*")*)\] '
        rb"\xef\xbb\xbf(.*)",
        data,
        re.DOTALL,
    )
    assert match, data
    parameters = re.findall(r' ([a-z]+)="((?:\\.|[^"\\\]])*)"', match[7].decode())
    unescaped = {name: re.sub(r"\\(.)", r"\1", value) for name, value in parameters}
    return int(match[1]), [match[n].decode() for n in range(2, 7)], unescaped, match[8].decode()


def test_cef_says_what_and_how_bad() -> None:
    fields, extension = read_cef(cef(notice(), "/var/lib/guard"))
    assert fields[1:3] == ["Violet", "violet guard"]
    assert fields[4:] == ["extraction/own_change", "Asks as an extraction does: key:1f0c", "5"]
    assert extension["suser"] == "key:1f0c"
    assert extension["cs3"] == "AML.T0024.002"
    assert extension["act"] == "slow (not enforced)"
    assert extension["cs6"].startswith("violet guard replay")


@given(alerts())
def test_no_name_breaks_out_of_cef(made: Alert) -> None:
    for told in notices(made):
        line = cef(told, "/state")
        assert "\n" not in line
        assert "\r" not in line
        fields, extension = read_cef(line)
        assert len(fields) == 7
        clean = read_cef(cef(notice(), "/state"))[1]
        assert set(extension) - {"suser", "cs1", "cs2", "cs3", "cs4", "msg", "cat"} <= set(clean)
        if told.incident.latest.client:
            assert extension["suser"] == plain(told.incident.latest.client)[:4096]


@given(alerts())
def test_no_name_breaks_out_of_syslog(made: Alert) -> None:
    for told in notices(made):
        for name in ("text", "cef", "json"):
            content = encode(told, name, "/state")[1].decode()
            priority, header, data, text = read_syslog(message(told, content))
            assert priority // 8 == 13
            assert header[2] == "violet-guard"
            assert data["client"] == plain(told.incident.latest.client)
            assert text == content


@given(st.text(max_size=4_000), st.sampled_from([LONGEST, LONGEST_DATAGRAM, 600]))
def test_a_long_message_is_cut_at_a_characters_end_and_says_so(content: str, longest: int) -> None:
    content = content.encode("utf-8", "replace").decode()
    data = message(notice(), content, longest)
    assert len(data) <= longest
    _, _, parameters, text = read_syslog(data)
    assert content.startswith(text)
    assert ("truncated" in parameters) == (text != content)


def test_the_longest_names_still_fit_a_datagram() -> None:
    long = "\u202e" * 256
    told = notice(client=long, model=long, detector="d" * 128)
    data = message(told, "x" * 10_000, LONGEST_DATAGRAM)
    assert len(data) <= LONGEST_DATAGRAM
    read_syslog(data)


def test_cloud_events_are_read_by_their_own_library() -> None:
    told = notices(alert(worker="w/0 ?"))[0]
    content_type, content = encode(told, "cloudevents", "/state")
    event = from_http_event(HTTPMessage({"content-type": content_type}, content), JSONFormat())
    assert event.get_type() == "dev.violet.guard.incident.opened"
    assert event.get_subject() == told.incident.id
    assert event.get_source() == "/violet/guard/w%2F0%20%3F"
    assert event.get_id() == f"{told.incident.id}-1"
    assert event.get_data() == notice_document(told, "/state")


def test_every_format_keeps_to_one_line_whatever_is_in_it() -> None:
    for name in FORMATS:
        _, content = encode(hostile_notice(), name, "/state")
        assert not re.search(rb"[\x00-\x1f\x7f]", content), name
        assert "\u202e" not in content.decode(), name
        content.decode("utf-8")


def test_text_for_people() -> None:
    told = notices(alert(), alert(detector="denial/cost"))[1]
    assert subject(told) == "[HIGH] Asks as an extraction does: key:1f0c (and 1 more detectors)"
    text = body(told, "/var/lib/guard")
    assert "2 alerts from 2026-" in text
    assert "AML.T0024.002 Extract AI Model" in text
    assert "\n" not in one_line(told)


@given(st.text(st.characters()) | st.just(HOSTILE))
def test_nothing_acts_that_was_defanged(text: str) -> None:
    shown = defanged(text)
    assert shown.isprintable()
    assert not any(part in shown for part in ("://", "@", "<", ">", "`", "*", "]("))


def test_json_is_ascii_and_strict() -> None:
    line = dump(notice_document(hostile_notice()))
    assert line.isascii()
    assert json.loads(line)["client"].startswith("x|y=z")
