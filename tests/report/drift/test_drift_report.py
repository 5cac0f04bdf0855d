"""Comparisons in every format: well formed whatever names are in them, and the same in all."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from tests.checks.drift.examples import CLIENTS, PERFORMANCE, SEGMENT, changed, column
from violet.domain import Decision, UsageError, Verdict
from violet.domain.drift import (
    Bars,
    Carriers,
    Change,
    ClassEstimate,
    ClientShare,
    Course,
    Drift,
    PairChange,
    ProfileSummary,
    WindowDrift,
)
from violet.domain.rate import Interval
from violet.report import View
from violet.report.drift import FORMATS, render_drift, render_profile
from violet.report.drift import json_ as drift_json
from violet.report.json_ import schema_text
from violet.services.drifting.judge import report_of

PUBLISHED = Path(__file__).parents[3] / "docs" / "schemas" / "drift-1.json"


def full(name: str = "income") -> Drift:
    """Everything a comparison can hold, with ``name`` wherever data may choose one."""
    windows = tuple(
        WindowDrift(f"row {at:,}", f"row {at + 1:,}", 100, name, 0.1 * at, at, 0.8, 0.7 if at else float("nan"))
        for at in range(20)
    )
    moved = column(
        name=name,
        change=Change.DRIFT,
        reason=f"The column {name} moved.",
        effect=0.4,
        interval=Interval(0.38, 0.42, method="dkw"),
        course=Course.SUDDEN,
        since="row 12",
        series=(0.0, 0.4, float("nan"), 0.4),
        bars=Bars((name, "others"), (0.7, 0.3), (0.2, 0.8)),
        new_words=((name, 0.2),),
        unseen=0.2,
        missing_before=0.0,
        missing_after=0.1,
        wasserstein=float("inf"),
        ks_p=1e-300,
    )
    base = changed().joint
    assert base is not None
    return changed(
        reference=name,
        current=name,
        summary=f"{name} drifted.",
        change=Change.DRIFT,
        columns=(moved, column(name="age"), column(name=f"{name}2", change=Change.UNCOMPARED, reason=f"No {name}.")),
        joint=replace(base, change=Change.DRIFT, pairs=(PairChange(name, "age", 0.1, 0.9, 12.0),), moved=1),
        segments=(replace(SEGMENT, change=Change.DRIFT, column=name, name=name, worst=name), SEGMENT),
        windows=windows,
        clients=replace(CLIENTS, carriers=Carriers.FEW, few=1, top=(ClientShare(name, 0.2, 0.9),), reason=name),
        performance=replace(
            PERFORMANCE,
            classes=(ClassEstimate(name, 0.5, 0.4, 0.8, 0.7, Interval(0.6, 0.8, method="normal")),),
            assumptions=(name,),
            labelled=10,
            realised=0.7,
        ),
        restrictions=(f"{name} was left out.",),
        versions=(("violet", "1"),),
        command=f"violet drift {name}",
    )


def view(drift: Drift, *, color: bool = False, width: int | None = None) -> View:
    report = report_of(drift)
    return View(
        report, Decision(Verdict.DENY, ("3 findings.",), 1), command_line="violet drift a b", color=color, width=width
    )


def validator() -> jsonschema.Draft202012Validator:
    schema = json.loads(drift_json.schema_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def test_the_published_schema_is_the_shipped_one() -> None:
    assert PUBLISHED.read_text(encoding="utf-8") == drift_json.schema_text()
    assert json.loads(drift_json.schema_text())["$defs"]["report"] == json.loads(schema_text())


def test_json_is_of_its_schema_and_says_everything() -> None:
    drift = full()
    document = json.loads(render_drift(drift, view(drift), "json"))
    validator().validate(document)
    first = document["drift"]["columns"][0]
    assert first["effect"] == 0.4
    assert first["wasserstein"] is None
    assert first["new_words"] == [{"word": "income", "share": 0.2}]
    assert document["drift"]["windows"][0]["realised"] is None
    assert document["drift"]["versions"] == {"violet": "1"}
    assert {finding["rule"] for finding in document["report"]["findings"]} == {
        "drift/column",
        "drift/segment",
        "drift/few-clients",
    }


def test_the_schema_knows_no_other_fields() -> None:
    drift = full()
    document = json.loads(render_drift(drift, view(drift), "json"))
    document["drift"]["columns"][0]["more"] = 1
    with pytest.raises(jsonschema.ValidationError):
        validator().validate(document)


def test_the_console_says_what_matters() -> None:
    drift = full()
    text = render_drift(drift, view(drift, width=100), "console")
    for words in (
        "income drifted.",
        "drift    income   0.400",
        "sudden, from row 12",
        "Who carries it",
        "Expected accuracy",
        "+0.10",
        "income: income",
        "Not compared",
        "income was left out.",
        "drift/few-clients",
        "DENY: 3 findings",
        "Again: violet drift income",
    ):
        assert words in text, words
    narrow = render_drift(drift, view(drift, width=40), "console")
    assert max(len(line) for line in narrow.splitlines() if not line.startswith(("Again", "  drift", "  stable"))) < 90
    assert "\x1b[" in render_drift(drift, view(drift, color=True), "console")


def test_markdown_has_tables() -> None:
    drift = full()
    text = render_drift(drift, view(drift), "markdown")
    html = MarkdownIt("commonmark", {"html": False}).enable("table").render(text)
    assert html.count("<table>") == 7
    assert "<script" not in html


class Page(HTMLParser):
    """What a browser would see."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.ids: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        self.ids += [value or "" for name, value in attrs if name == "id"]
        if tag not in ("meta", "link", "br", "img", "hr", "input", "path", "rect", "line", "circle", "polyline"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in ("path", "rect", "line", "circle", "polyline"):
            assert self.open.pop() == tag


def seen(text: str) -> Page:
    page = Page()
    page.feed(text)
    page.close()
    assert not page.open
    return page


def test_the_page_runs_nothing_and_fetches_nothing() -> None:
    drift = full()
    text = render_drift(drift, view(drift), "html")
    page = seen(text)
    assert not {"script", "iframe", "object", "embed", "link", "img", "form"} & set(page.tags)
    assert not [name for name, _ in page.attributes if name.startswith("on") or name == "style"]
    assert len(page.ids) == len(set(page.ids))
    style = re.search(r"<style>(.*?)</style>", text, re.DOTALL)
    policy = re.search(r"style-src 'sha256-([^']+)'", text)
    assert style is not None
    assert policy is not None
    assert base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode() == policy[1]
    assert "default-src 'none'" in text
    assert page.tags.count("svg") == 1 + 1 + 1 + 1, "the brand, the bars, the line, the windows"
    for anchor in ("columns", "clients", "performance", "joint", "segments", "windows", "uncompared", "restrictions"):
        assert anchor in page.ids


NAMES = st.one_of(
    st.text(max_size=30),
    st.sampled_from(["<script>alert(1)</script>", '"><img src=x onerror=y>', "a|b`c*", "\x1b", "\ud800", "a\nb", "‮"]),
)


@given(name=NAMES)
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_names_from_data_are_harmless_in_every_format(name: str) -> None:
    drift = full(name)
    for fmt in FORMATS:
        text = render_drift(drift, view(drift), fmt)
        text.encode("utf-8")
        assert text.endswith("\n")
        assert not {c for c in text if not c.isprintable() and c != "\n"}
    document = json.loads(render_drift(drift, view(drift), "json"))
    validator().validate(document)
    page = seen(render_drift(drift, view(drift), "html"))
    assert not {"script", "img"} & set(page.tags)
    assert not [one for one, _ in page.attributes if one.startswith("on")]


def test_a_comparison_of_nothing_renders_as_well() -> None:
    empty = changed(columns=(), joint=None, segments=(), clients=None, performance=None, change=Change.UNCOMPARED)
    for fmt in FORMATS:
        assert render_drift(empty, view(empty), fmt)
    with pytest.raises(UsageError, match="not a format"):
        render_drift(empty, view(empty), "pdf")


def test_profiles_are_summed_up() -> None:
    summary = ProfileSummary(
        source="a.csv",
        output="a.profile",
        size=123_456,
        digest="sha256:1",
        layout="sha256:2",
        rows=1000,
        numbers=tuple(f"c{k}" for k in range(30)),
        categories=("town\x1b[31m",),
        texts=(),
        vectors=(),
        answers=10,
        labelled=0,
        windows=4,
        reference=False,
        kept_rows=0,
        notes=("id was left out",),
        command="violet profile a.csv -o a.profile",
    )
    text = render_profile(summary, "console")
    for words in (
        "30 numbers: c0, c1",
        "and 18 more",
        "none with a known truth",
        "no reference",
        "0.12 MB",
        "id was left",
    ):
        assert words in text
    assert "\x1b" not in text
    document = json.loads(render_profile(summary, "json"))
    assert document["schema"] == "violet-profile-summary/1"
    assert document["rows"] == 1000
    with pytest.raises(UsageError, match="not a format"):
        render_profile(summary, "html")
