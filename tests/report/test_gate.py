"""A decision in every format, whatever the names in it hold."""

from __future__ import annotations

import datetime
import json
import re
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from violet.domain import (
    Confidence,
    Digest,
    Finding,
    Location,
    Report,
    Severity,
    UsageError,
    Verdict,
)
from violet.domain.gate import (
    CheckedWaiver,
    Enforcement,
    EvidenceItem,
    GateDecision,
    MissingEvidence,
    Outcome,
    Requirement,
    RequirementResult,
    Waiver,
    WaiverStatus,
)
from violet.domain.provenance import Identity, Refusal
from violet.report.gate import FORMATS, GateView, render
from violet.report.gate.words import tally

NOW = datetime.datetime(2026, 11, 20, tzinfo=datetime.UTC)
HOSTILE = "evil\x1b[31m\u202e\ud800<b>&`|](x)\n\x00"


def decision(text: str = "model", outcomes: tuple[Outcome, ...] = tuple(Outcome), **more: Any) -> GateDecision:
    """One of everything, with ``text`` wherever a name can be."""
    finding = Finding(text, Severity.HIGH, Confidence.HIGH, text, Location(text), text, text, key=text)
    item = EvidenceItem(text, text, text, text, (text,))
    results = tuple(
        RequirementResult(
            Requirement(f"{text}{n}", text, text, enforcement, text, (), (text,)),
            outcome,
            text,
            (text,),
            (item,),
            text,
            text,
            findings=(finding,),
        )
        for n, outcome in enumerate(outcomes)
        for enforcement in Enforcement
    )
    waiver = Waiver(text, text, text, text, NOW.date(), NOW.date(), finding.fingerprint, path=text)
    values: dict[str, Any] = {
        "verdict": Verdict.DENY,
        "exit_code": 1,
        "identity": Identity(text, Digest("sha256", "00"), 3),
        "path": text,
        "environment": text,
        "time": NOW,
        "policy": text,
        "policy_digest": Digest("sha256", "11"),
        "reasons": (text,),
        "warnings": (text,),
        "results": results,
        "waivers": (waiver,),
        "ineffective": (
            CheckedWaiver(text, WaiverStatus.EXPIRED, waiver, text),
            CheckedWaiver(text, WaiverStatus.MALFORMED),
        ),
        "evidence": (item,),
        "missing": (MissingEvidence("scan", text, text),),
        "refused": (Refusal(text, "expired", text, text),),
        "report": Report("scan", "0", findings=(finding,)),
        "command": text,
        "summary": text,
        "version": "0",
    }
    return GateDecision(**{**values, **more})


class Strict(HTMLParser):
    """Tags that appear in a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)


def check(fmt: str, text: str) -> None:
    assert text.endswith("\n")
    assert not text.endswith("\n\n")
    text.encode("utf-8")
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f\u202e]", text)
    if fmt in ("json", "sarif"):
        json.loads(text)
    elif fmt == "junit":
        ElementTree.fromstring(text)
    elif fmt == "html":
        page = Strict()
        page.feed(text)
        assert not page.tags & {"script", "b", "img", "iframe", "object", "link"}


@pytest.mark.parametrize("fmt", FORMATS)
@pytest.mark.parametrize("color", [False, True])
def test_hostile_names_are_harmless(fmt: str, color: bool) -> None:
    text = render(GateView(decision(HOSTILE), color=color), fmt)
    check(fmt, re.sub(r"\x1b\[[0-9;]*m", "", text) if color and fmt == "console" else text)


@given(st.text(max_size=12), st.sampled_from(FORMATS))
def test_any_text_is_harmless(text: str, fmt: str) -> None:
    check(fmt, render(GateView(decision(text)), fmt))


@pytest.mark.parametrize("fmt", FORMATS)
def test_a_decision_without_requirements(fmt: str) -> None:
    bare = decision(outcomes=(), reasons=("There is no policy.",), policy_digest=None, report=None, waivers=())
    text = render(GateView(bare), fmt)
    check(fmt, text)
    assert "There is no policy." in text
    if fmt == "sarif":
        assert json.loads(text)["runs"][0]["results"][0]["ruleId"] == "gate/policy"
    if fmt == "junit":
        assert ElementTree.fromstring(text).get("failures") == "1"


def test_every_outcome_is_counted_by_junit() -> None:
    suite = ElementTree.fromstring(render(GateView(decision(reasons=())), "junit"))
    # Each outcome is there twice: denying (failure, or error where nothing is known) and warning.
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors"), suite.get("skipped")) == (
        "10",
        "1",
        "2",
        "2",
    )


def test_waived_findings_are_suppressed_in_sarif() -> None:
    run = json.loads(render(GateView(decision(reasons=())), "sarif"))["runs"][0]
    states = {(result["ruleId"], bool(result["suppressions"])) for result in run["results"]}
    assert ("model", True) in states
    assert {rule for rule, waived in states if waived} == {"model", "gate/model1"}
    assert not [rule for rule, _ in states if rule == "gate/model0"]


@pytest.mark.parametrize(
    ("outcomes", "said"),
    [
        ((), "nothing was asked"),
        ((Outcome.MET,), "all 2 requirements are met"),
        ((Outcome.MET, Outcome.WAIVED), "all 4 requirements are met, 2 of them waived"),
        ((Outcome.NOT_MET, Outcome.WAIVED), "2 of 4 requirements not met, 2 waived"),
    ],
)
def test_the_tally(outcomes: tuple[Outcome, ...], said: str) -> None:
    assert tally(decision(outcomes=outcomes)) == said


def test_an_unknown_format_is_refused() -> None:
    with pytest.raises(UsageError, match="yaml"):
        render(GateView(decision()), "yaml")


def test_markdown_fits_a_comment() -> None:
    long = decision("x" * 300, outcomes=tuple(Outcome) * 30)
    assert len(render(GateView(long), "markdown")) < 65_536
