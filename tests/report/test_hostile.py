"""Any text in any field: every format stays well formed, and nothing in it is obeyed by a reader's tools."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from tests.report import samples
from violet.report import View, explain, render
from violet.report.html import render as render_html
from violet.report.markdown import code, escape
from violet.report.sarif import uri
from violet.report.visible import shortened, visible, visible_lines

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_LIMITS = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))


def assert_harmless(text: str) -> None:
    """No control characters but line ends, nothing that reorders or hides text, valid Unicode."""
    text.encode("utf-8")
    unseen = {c for c in text if not c.isprintable() and c != "\n"}
    assert not unseen


@given(samples.views())
@_LIMITS
def test_console(view: View) -> None:
    text = render(view, "console")
    if view.color:
        text = _COLOUR.sub("", text)
    assert_harmless(text)
    assert text.endswith("\n")


@given(samples.views())
@_LIMITS
def test_json_and_sarif(view: View) -> None:
    for fmt in ("json", "sarif"):
        text = render(view, fmt)
        assert text.isascii()
        assert_harmless(text)
        _assert_unicode(json.loads(text))


@given(samples.views())
@_LIMITS
def test_junit(view: View) -> None:
    text = render(view, "junit")
    assert_harmless(text)
    root = ET.fromstring(text.encode())
    suite = root.find("testsuite")
    assert suite is not None
    cases = suite.findall("testcase")
    assert int(root.get("tests", "")) == len(cases)
    serious = [f for f in view.report.findings if f.severity >= view.fail_on]
    assert int(root.get("failures", "")) == len(serious)
    assert int(root.get("errors", "")) == len(view.report.failed)
    assert int(root.get("skipped", "")) == len(view.report.skipped)


@given(samples.views())
@_LIMITS
def test_html(view: View) -> None:
    text = render(view, "html")
    assert_harmless(text)
    page = _Page()
    page.feed(text)
    page.close()
    assert not page.open
    assert page.tags <= _TAGS
    assert not [name for name in page.attributes if name.startswith("on") or name in {"style", "src"}]
    assert all(_expected_link(link) for link in page.links)


@given(samples.views())
@_LIMITS
def test_markdown(view: View) -> None:
    text = render(view, "markdown")
    assert_harmless(text)
    assert len(text) < 65_536
    assert_only_our_markup(text)


@given(samples.rules, samples.texts)
@_LIMITS
def test_explained_rules(rule: samples.Rule, help_text: str) -> None:
    assert_harmless(explain.explain(rule, help_text))
    assert_harmless(explain.explain(rule, help_text, fmt="markdown"))
    assert_harmless(explain.rules_list([rule]))
    assert_harmless(explain.rules_reference([rule], {rule.id: help_text}))
    # The addresses that a rule refers to are its author's, and become links.
    assert_only_our_markup(explain.explain(replace(rule, references=()), "", fmt="markdown"))


@given(samples.texts)
@_LIMITS
def test_text_in_markdown_reads_as_it_is(text: str) -> None:
    """A Markdown reader sees exactly the visible text, in a paragraph, in a list item and in a code span."""
    reader = MarkdownIt("gfm-like", {"linkify": False, "html": True})
    for source, wanted in (
        (escape(text), visible(text).strip(" ")),
        (f"- {escape(text)}", visible(text).strip(" ")),
        (f"a {code(text)} b", f"a {visible(text)} b"),
    ):
        if not escape(text):
            continue
        inner = [token for token in reader.parse(source) if token.type == "inline"]
        shown = "".join(child.content for token in inner for child in token.children or () if "html" not in child.type)
        assert shown == wanted


@given(samples.texts)
def test_visible_text_is_printable_on_one_line(text: str) -> None:
    assert visible(text).isprintable()
    assert visible(visible(text)) == visible(text)
    assert all(line.isprintable() for line in visible_lines(text).split("\n"))
    assert len(shortened(text, 60)) <= max(len(text), 60)
    assert len(shortened(text, 60)) <= 60


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("\x1b[2J", "\\x1b[2J"),
        ("a\r\nb\tc", "a\\r\\nb\\tc"),
        ("\u202egpj.exe", "\\u202egpj.exe"),
        ("caf\udce9", "caf\\udce9"),
        ("\U000e0041", "\\U000e0041"),
        ("\u3164", "\\u3164"),
        ("模型 é.pkl", "模型 é.pkl"),
    ],
)
def test_what_cannot_be_seen_is_written_out(hostile: str, shown: str) -> None:
    assert visible(hostile) == shown


@given(samples.texts)
@_LIMITS
def test_uris_are_references(path: str) -> None:
    reference = uri(path)
    assert re.fullmatch(r"[A-Za-z0-9._~/%:-]+", reference)
    assert urlsplit(reference).scheme in {"", "file"}
    assert not urlsplit(reference).netloc


@pytest.mark.parametrize(
    ("path", "reference"),
    [
        ("models/a b#1.pkl", "models/a%20b%231.pkl"),
        ("./models/a.pkl", "models/a.pkl"),
        ("/srv/models/a.pkl", "file:///srv/models/a.pkl"),
        ("C:\\models\\a.pkl", "file:///C:/models/a.pkl"),
        ("caf\udce9.pkl", "caf%E9.pkl"),
        ("javascript:alert(1)", "javascript%3Aalert%281%29"),
        ("//host/share", "file:///host/share"),
    ],
)
def test_uri(path: str, reference: str) -> None:
    assert uri(path) == reference


def test_html_forbids_everything_but_its_own_style() -> None:
    page = render_html(samples.sample_view())
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', page)
    assert policy is not None
    assert policy[1].startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy[1]


def assert_only_our_markup(text: str) -> None:
    """Only the elements, links and HTML that the renderer writes itself: nothing of the report's text."""
    stack = list(MarkdownIt("gfm-like", {"linkify": False, "html": True}).parse(text))
    while stack:
        token = stack.pop()
        stack += token.children or []
        assert token.type not in {"image", "hr"}
        if token.type in {"html_inline", "html_block"}:
            for tag in re.findall(r"<[^>]*>", token.content):
                assert tag in {"<details>", "</details>", "<summary>", "</summary>", "<!-- -->"}
        if token.type == "link_open":
            assert _expected_link(str(token.attrs["href"]))


def _expected_link(link: str) -> bool:
    known = ("https://atlas.mitre.org/techniques/AML.T", "https://cwe.mitre.org/data/definitions/", "#")
    return link.startswith(known)


def _assert_unicode(value: object) -> None:
    if isinstance(value, dict):
        for key, inner in value.items():
            _assert_unicode(key)
            _assert_unicode(inner)
    elif isinstance(value, list):
        for inner in value:
            _assert_unicode(inner)
    elif isinstance(value, str):
        value.encode("utf-8")


_VOID = {"meta", "path"}
_TAGS = {"html", "head", "meta", "title", "style", "body", "header", "main", "footer", "section", "article"}
_TAGS |= {"h1", "h2", "h3", "h4", "p", "div", "span", "a", "b", "strong", "code", "pre", "svg", "path"}
_TAGS |= {"ul", "li", "dl", "dt", "dd", "table", "thead", "tbody", "tr", "th", "td", "details", "summary"}


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links += [value or "" for name, value in attrs if name == "href"]
        if tag not in _VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@given(st.text(max_size=40), st.integers(1, 30))
def test_wrapping_keeps_every_word_and_the_width(text: str, width: int) -> None:
    from violet.report.layout import cells, wrap

    shown = visible(text)
    lines = wrap(shown, width)
    assert "".join("".join(lines).split(" ")) == "".join(shown.split(" "))
    assert all(cells(line) <= width or len(line) == 1 for line in lines)
