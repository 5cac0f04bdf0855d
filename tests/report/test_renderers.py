"""What each reader-facing format shows, held by snapshots and by what must never be lost."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from importlib.resources import files
from xml.etree import ElementTree as ET

import pytest
from syrupy.assertion import SnapshotAssertion

from tests.report import samples
from violet.domain import Decision, Location, Report, Severity, Skipped, UsageError, Verdict
from violet.report import FORMATS, View, explain, render
from violet.report.html import size
from violet.report.layout import cells
from violet.report.model import by_file, split_member

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


@pytest.mark.parametrize("fmt", FORMATS)
def test_sample(fmt: str, snapshot: SnapshotAssertion) -> None:
    assert render(samples.sample_view(), fmt) == snapshot


@pytest.mark.parametrize("fmt", ["console", "markdown", "junit"])
def test_clean(fmt: str, snapshot: SnapshotAssertion) -> None:
    assert render(samples.clean_view(), fmt) == snapshot


def test_crowded_console(snapshot: SnapshotAssertion) -> None:
    assert render(samples.crowded_view(), "console") == snapshot


def test_narrow_console(snapshot: SnapshotAssertion) -> None:
    assert render(samples.sample_view(width=50), "console") == snapshot


def test_coloured_console(snapshot: SnapshotAssertion) -> None:
    assert render(samples.sample_view(color=True), "console") == snapshot


@pytest.mark.parametrize("make", [samples.sample_view, samples.clean_view, samples.crowded_view])
def test_colour_changes_nothing_but_colour(make: Callable[[], View]) -> None:
    view = make()
    plain = render(view, "console")
    coloured = render(
        View(view.report, view.decision, view.rules, view.rule_help, view.command_line, color=True), "console"
    )
    assert "\x1b" not in plain
    assert _COLOUR.sub("", coloured) == plain


def test_console_keeps_within_eighty_cells() -> None:
    paths = {path for finding in samples.sample_report().findings for path in [finding.location.path]}
    for text in render(samples.sample_view(), "console").splitlines():
        if not text.startswith(("DENY: ", "Again: ")) and text.strip() not in paths:
            assert cells(text) <= 80


@pytest.mark.parametrize("fmt", FORMATS)
def test_an_unknown_format_is_told(fmt: str) -> None:
    with pytest.raises(UsageError, match=f"'{fmt}x' is not a report format"):
        render(samples.clean_view(), f"{fmt}x")


@pytest.mark.parametrize("fmt", FORMATS)
def test_rendering_is_deterministic_and_ends_in_one_newline(fmt: str) -> None:
    text = render(samples.sample_view(), fmt)
    assert text == render(samples.sample_view(), fmt)
    assert text.endswith("\n")
    assert not text.endswith("\n\n")


@pytest.mark.parametrize("fmt", ["console", "markdown", "html", "junit", "sarif"])
def test_what_was_not_looked_at_never_appears_clean(fmt: str) -> None:
    report = Report("scan", "0.1.0", skipped=(Skipped(Location("model.tflite"), "no reader yet", "tflite"),))
    text = render(View(report, Decision(Verdict.WARN, (), 3)), fmt)
    assert "no reader yet (tflite)" in text
    assert "model.tflite" in re.sub(r"<[^>]*>", "", text) or fmt == "junit"


def test_plain_console_imports_neither_rich_nor_anything_heavy() -> None:
    program = (
        "import sys, violet.report\n"
        "heavy = {'rich', 'jinja2', 'json', 'xml', 'importlib.resources'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
        "from violet.domain import Decision, Report, Verdict\n"
        "view = violet.report.View(Report('scan', '1'), Decision(Verdict.ALLOW))\n"
        "violet.report.render(view, 'console')\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-S", "-c", program], check=True, env={"PYTHONPATH": _source()})


def _source() -> str:
    import violet

    return violet.__file__.removesuffix("/violet/__init__.py")


def test_an_archive_does_not_pass_where_something_inside_fails() -> None:
    root = ET.fromstring(render(samples.sample_view(), "junit").encode())
    passed = [case.get("name") for case in root.iter("testcase") if not {c.tag for c in case} - {"system-out"}]
    assert passed == ["models/clean.safetensors", "models/old.txt", "models/weird!name.gguf"]


def test_junit_fails_what_the_policy_fails() -> None:
    root = ET.fromstring(render(samples.sample_view(fail_on=Severity.INFO), "junit").encode())
    assert root.get("failures") == "7"


def test_long_markdown_says_what_it_leaves_out() -> None:
    found = [
        samples.finding(samples.CALL, f"models/{n:05}.pkl", f"Finding number {n}.", "x" * 400) for n in range(2000)
    ]
    text = render(View(Report("scan", "1", findings=tuple(found)), Decision(Verdict.DENY)), "markdown")
    assert len(text) < 65_536
    left = re.search(r"\*\*([0-9,]+) more findings\*\* are not shown", text)
    assert left is not None
    assert int(left[1].replace(",", "")) + text.count("### ") == 2000


def test_every_finding_is_in_the_page() -> None:
    text = render(samples.crowded_view(60), "html")
    assert text.count("os.system(") == 1
    for number in range(60):
        assert f"run-{number:04}.pkl" in text
        assert f"Loading this file calls gadget number {number}." in text


class _Outline(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.targets: list[str] = []
        self.headings: list[int] = []
        self.landmarks: list[str] = []
        self.unscoped = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self.ids += [values["id"]] if "id" in values else []
        self.targets += [values["href"][1:]] if values.get("href", "").startswith("#") else []
        self.targets += values.get("aria-labelledby", "").split()
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if tag in {"header", "main", "footer"}:
            self.landmarks.append(tag)
        self.unscoped += tag == "th" and "scope" not in values


def test_the_page_is_accessible() -> None:
    text = render(samples.sample_view(), "html")
    outline = _Outline()
    outline.feed(text)
    assert len(outline.ids) == len(set(outline.ids))
    assert set(outline.targets) <= set(outline.ids)
    assert outline.landmarks == ["header", "main", "footer"]
    assert outline.headings[0] == 1
    assert outline.headings.count(1) == 1
    assert all(b - a <= 1 for a, b in zip(outline.headings, outline.headings[1:], strict=False))
    assert not outline.unscoped
    assert '<html lang="en">' in text
    assert "<script" not in text
    assert not re.search(r"url\(|@import|src=", text)


def _palettes() -> list[dict[str, str]]:
    css = files("violet.report").joinpath("templates/report.css").read_text(encoding="utf-8")
    return [
        dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{3,6});", block))
        for block in re.findall(r":root \{(.*?)\}", css, re.S)
    ]


def _luminance(color: str) -> float:
    digits = color[1:] if len(color) == 7 else "".join(c * 2 for c in color[1:])
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("palette", range(3), ids=["light", "dark", "print"])
def test_contrast_meets_wcag_aa(palette: int) -> None:
    """WCAG 2.2, success criterion 1.4.3: 4.5 to 1 for text."""
    colors = _palettes()[palette]
    levels = ("critical", "high", "medium", "low", "info", "allow")
    pairs = [(level, f"{level}-tint") for level in levels] + [(level, "card") for level in levels]
    pairs += [(text, ground) for text in ("ink", "soft", "link") for ground in ("page", "card", "code")]
    pairs += [("ink", f"{level}-tint") for level in levels]
    for text, ground in pairs:
        light, dark = sorted((_luminance(colors[text]), _luminance(colors[ground])), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5, (text, ground)


def test_groups_are_worst_first() -> None:
    groups = by_file(samples.sample_report().findings)
    assert [group.worst for group in groups] == sorted((g.worst for g in groups), reverse=True)
    assert groups[0].paths == ("models/copy-1.pkl", "models/copy-2.pkl")
    assert sum(group.count * len(group.paths) for group in groups) == len(samples.sample_report().findings)


@pytest.mark.parametrize(
    ("path", "known", "parts"),
    [
        ("a.zip!b/c", {"a.zip"}, ("a.zip", "b/c")),
        ("a.zip!b.zip!c", {"a.zip", "a.zip!b.zip"}, ("a.zip", "b.zip!c")),
        ("odd!name", {"odd!name"}, ("odd!name", "")),
        ("odd!name.zip!c", {"odd!name.zip"}, ("odd!name.zip", "c")),
        ("a.zip!c", set(), ("a.zip", "c")),
        ("!c", set(), ("!c", "")),
        ("plain", set(), ("plain", "")),
    ],
)
def test_members_are_told_from_names(path: str, known: set[str], parts: tuple[str, str]) -> None:
    assert split_member(path, frozenset(known)) == parts


@pytest.mark.parametrize(
    ("count", "shown"),
    [(0, "0 bytes"), (999, "999 bytes"), (1000, "1 kB"), (2_147_483_648, "2.15 GB"), (10**13, "10 TB")],
)
def test_sizes(count: int, shown: str) -> None:
    assert size(count) == shown


@pytest.mark.parametrize("fmt", ["console", "markdown"])
def test_explained_rule(fmt: str, snapshot: SnapshotAssertion) -> None:
    assert explain.explain(samples.CALL, samples.CALL_HELP, fmt=fmt) == snapshot


def test_explained_in_an_unknown_format() -> None:
    with pytest.raises(UsageError):
        explain.explain(samples.CALL, fmt="sarif")


def test_list_of_rules(snapshot: SnapshotAssertion) -> None:
    assert explain.rules_list(samples.RULES.values()) == snapshot
    assert explain.rules_list([]) == ""


def test_reference(snapshot: SnapshotAssertion) -> None:
    text = explain.rules_reference(samples.RULES.values(), samples.HELPS)
    assert text == snapshot
    headings = re.findall(r"^### `(.+)`$", text, re.M)
    assert headings == sorted(samples.RULES)


def test_the_console_names_fingerprints_where_it_is_asked_to() -> None:
    view = samples.sample_view()
    plain = render(view, "console").split("\n")
    named = render(replace(view, fingerprints=True), "console").split("\n")
    expected = {finding.fingerprint for finding in view.report.findings}
    found = [text.split()[0] for text in named if re.fullmatch(r" +[0-9a-f]{32}(  .*)?", text)]
    assert expected
    assert set(found) == expected
    assert len(found) == len(expected)
    assert not any(fingerprint in text for fingerprint in expected for text in plain)
