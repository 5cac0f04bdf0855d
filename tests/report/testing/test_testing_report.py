"""What a test of robustness shows in every format: what must never be lost, and nothing that names smuggle in."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import json
import math
import re
import struct
import zlib
from collections.abc import Mapping
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from syrupy.assertion import SnapshotAssertion

from tests.report import samples as reports
from tests.report.test_hostile import assert_harmless, assert_only_our_markup
from tests.report.testing.samples import COMMAND, TESTS, curve, image_test, table_test, view_of, withheld_test
from violet.domain import UsageError
from violet.domain.rate import Rate
from violet.domain.robustness import Believed, EvasionTest, GroupRobustness, Norm, Threat, WorstCase
from violet.report import render
from violet.report.json_ import load, schema_text
from violet.report.testing import FORMATS, render_test
from violet.report.testing import json_ as test_json
from violet.report.testing.charts import curve_chart
from violet.report.testing.pictures import pictures
from violet.report.testing.words import allowed, plain

PUBLISHED = Path(__file__).parents[3] / "docs" / "schemas" / "test-1.json"
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_LIMITS = settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
NAMES = pytest.mark.parametrize("name", TESTS)


def shown(test: EvasionTest, fmt: str, **options: Any) -> str:
    return render_test(test, view_of(test, **options), fmt)


@NAMES
@pytest.mark.parametrize("fmt", ["console", "markdown"])
def test_every_kind_of_test(name: str, fmt: str, snapshot: SnapshotAssertion) -> None:
    assert shown(TESTS[name](), fmt) == snapshot


@pytest.mark.parametrize("fmt", ["html", "json"])
def test_one_page_and_one_document(fmt: str, snapshot: SnapshotAssertion) -> None:
    """Without the pictures: how they are compressed is zlib's affair."""
    assert re.sub(r"base64,[A-Za-z0-9+/=]{99,}", "base64,...", shown(image_test(), fmt)) == snapshot


def test_a_wide_console(snapshot: SnapshotAssertion) -> None:
    assert shown(withheld_test(), "console", width=120) == snapshot


@NAMES
def test_colour_changes_nothing_but_colour(name: str) -> None:
    test = TESTS[name]()
    coloured = shown(test, "console", color=True)
    assert "\x1b" in coloured
    assert _COLOUR.sub("", coloured) == shown(test, "console")


@NAMES
@pytest.mark.parametrize("width", [40, 50, 64, 80, 100, 120])
def test_the_console_keeps_to_its_width(name: str, width: int) -> None:
    test = TESTS[name]()
    text = shown(test, "console", width=width, command_line="")
    ours = text.partition("\nDENY: ")[0]  # what comes after is the ordinary report's, and may be long
    assert not [line for line in ours.splitlines() if len(line) > width]
    assert test.data in text
    assert all(run.attack in text for run in test.runs)


@NAMES
@pytest.mark.parametrize("fmt", ["console", "markdown", "html"])
def test_every_rate_stands_with_its_interval(name: str, fmt: str) -> None:
    """As often as a rate is given, with cases and interval, and never without."""
    test = TESTS[name]()
    text = re.sub(r"<[^>]*>", "", shown(test, fmt, width=120))
    for rate in (test.clean, *(group.robust for group in test.groups)):
        assert str(rate.hits) in text
        low, high = 100 * rate.interval().low, 100 * rate.interval().high
        assert f"{low:.1f} to {high:.1f}" in text
    for rate in [Rate(run.fooled, run.attempted) for run in test.runs]:
        assert str(rate) in text


@pytest.mark.parametrize("fmt", ["console", "markdown", "html"])
def test_a_withheld_figure_is_nowhere_and_its_reasons_come_first(fmt: str) -> None:
    test = withheld_test()
    text = re.sub(r"<[^>]*>|\\", "", shown(test, fmt, width=120)).replace("\n    ", " ")
    reason = text.index("0 of 64 fall to fgsm, pgd, 60 to square")
    assert reason < text.index("1.5 %")
    assert reason < text.index("95.5 %")
    assert "upper bound" in text
    assert "cannot be said from this test" in " ".join(text.split())
    assert "Under attack, it answers" not in text


@pytest.mark.parametrize("fmt", ["console", "markdown", "html"])
def test_what_people_need_is_there(fmt: str) -> None:
    test = image_test()
    text = re.sub(r"<[^>]*>|\\", "", shown(test, fmt, width=120))
    for wanted in (
        COMMAND,
        "Seed",
        "holdout.npz",
        "not asked",
        "zero is taken for eight",
        "evasion/low-robust-accuracy",
    ):
        assert wanted in text
    assert "This report is partial" not in " ".join(text.split())
    assert "This report is partial" in " ".join(shown(TESTS["partial"](), fmt).split())


def test_the_command_is_shown_even_without_a_command_line() -> None:
    for fmt in ("console", "markdown", "html"):
        assert COMMAND in shown(image_test(), fmt, command_line="")


def test_formats_for_machines_are_elsewhere() -> None:
    assert not {"sarif", "junit"} & set(FORMATS)
    with pytest.raises(UsageError, match="'sarif' is not a format of tests"):
        shown(image_test(), "sarif")


# -- plain words -------------------------------------------------------------------------------------------------


def test_plain_words_do_their_sums() -> None:
    said = plain(image_test())
    assert "found one for 109 of the 191 examples that the model had right" in said
    assert "41.0 % (34.4 to 47.9 %) of all examples" in said
    assert "found one for 188 of the 191" in plain(withheld_test())
    unbroken = dataclasses.replace(image_test(), robust=Rate(191, 200), bound=Rate(191, 200))
    assert "It found none for any of the 191 examples" in plain(unbroken)
    nothing = dataclasses.replace(image_test(), clean=Rate(0, 0), robust=Rate(0, 0), bound=Rate(0, 0), samples=0)
    assert "got none right" in plain(nothing)


@pytest.mark.parametrize(
    ("threat", "said"),
    [
        (Threat(Norm.LINF, 0.03), "change every number of an input by at most 3 % of its range"),
        (Threat(Norm.L2, 0.5), "move an input by at most 0.5 in a straight line (L2)"),
        (Threat(Norm.L1, 5), "move an input by at most 5 in sum (L1)"),
        (Threat(Norm.L0, 1), "change at most 1 number of an input, by any amount"),
        (Threat(Norm.FEASIBLE, 3), "change at most 3 features of an input in any way that the description"),
        (Threat(Norm.FEASIBLE, math.inf), "change an input in any way that the description of the table allows"),
    ],
)
def test_threats_in_words(threat: Threat, said: str) -> None:
    assert allowed(threat).startswith(said)


# -- JSON --------------------------------------------------------------------------------------------------------


def _validator() -> jsonschema.Draft202012Validator:
    schema = json.loads(test_json.schema_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


VALIDATOR = _validator()


def test_the_published_schema_is_the_shipped_one() -> None:
    assert PUBLISHED.read_text(encoding="utf-8") == test_json.schema_text()
    assert json.loads(test_json.schema_text())["$defs"]["report"] == json.loads(schema_text())


@NAMES
def test_json_meets_its_schema_and_holds_the_report(name: str) -> None:
    test = TESTS[name]()
    document = json.loads(shown(test, "json"))
    VALIDATOR.validate(document)
    assert document["report"] == json.loads(render(view_of(test), "json"))
    assert load(json.dumps(document["report"])) == view_of(test).report
    assert document["test"]["runs"][0]["fooled"] == test.runs[0].fooled
    assert (document["test"]["robust"] is None) is (test.robust is None)


def test_the_schema_describes_every_field_and_no_other() -> None:
    """Whoever adds a field to the domain has to describe it."""
    kinds = json.loads(test_json.schema_text())["$defs"]

    def compare(value: Any, schema: Mapping[str, Any]) -> None:
        schema = kinds[schema["$ref"].rpartition("/")[2]] if schema.get("$ref", "").startswith("#/") else schema
        if "properties" in schema:
            assert set(value) == set(schema["properties"]) == set(schema["required"])
            for name, entry in value.items():
                compare(entry, schema["properties"][name])
        elif schema.get("type") == "array":
            for entry in value:
                compare(entry, schema["items"])

    both = dataclasses.replace(image_test(), worst=table_test().worst, moved=table_test().moved)
    compare(json.loads(shown(both, "json"))["test"], kinds["test"])


def test_json_is_strict_where_the_schema_is() -> None:
    document = json.loads(shown(image_test(), "json"))
    for path, wrong in (("robust", 0.4), ("samples", -1), ("partial", "no"), ("threat", None), ("moved", {})):
        broken = {**document, "test": {**document["test"], path: wrong}}
        assert not VALIDATOR.is_valid(broken), path
    assert not VALIDATOR.is_valid({**document, "report": {}})


def test_pixels_stand_in_one_line() -> None:
    text = shown(image_test(), "json")
    lines = [line for line in text.splitlines() if '"original": [' in line or '"adversarial": [' in line]
    assert len(lines) == 4
    assert all(len(json.loads(line.partition(": ")[2].rstrip(","))) == 144 for line in lines)


# -- HTML --------------------------------------------------------------------------------------------------------


class _Page(HTMLParser):
    """Every element and attribute of a page; whether it is well nested."""

    VOID = frozenset({"meta", "img", "line", "polygon", "polyline", "rect", "path", "input", "br"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


@NAMES
def test_the_page_runs_nothing_and_fetches_nothing(name: str) -> None:
    text = shown(TESTS[name](), "html")
    page = _Page(text)
    assert not page.open
    assert not {"script", "iframe", "object", "embed", "link", "form", "base"} & {tag for tag, _ in page.elements}
    for tag, attributes in page.elements:
        assert not [key for key in attributes if key.startswith("on") or key == "style"]
        assert tag == "img" or "src" not in attributes
    assert all((image["src"] or "").startswith("data:image/png;base64,") and image["alt"] for image in page.all("img"))
    style = re.search(r"<style>(.*?)</style>", text, re.DOTALL)
    policy = next(meta["content"] for meta in page.all("meta") if "http-equiv" in meta)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'"
    )


def test_ids_of_the_page_are_unique_and_references_have_targets() -> None:
    page = _Page(shown(image_test(), "html"))
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    for _, attributes in page.elements:
        for name in (attributes.get("aria-labelledby") or "").split():
            assert name in ids
        link = attributes.get("href") or ""
        assert not link.startswith("#") or link[1:] in ids


def test_worst_cases_are_pictures_and_their_difference_is_seen() -> None:
    case = image_test().worst[0]
    before, after, difference = pictures(case)
    assert [shown.words for shown in (before, after)] == ["before", "after"]
    assert (before.width, before.height) == (144, 144)
    pixels = [_pixels(shown.uri) for shown in (before, after, difference)]
    assert [(wide, high) for wide, high, _ in pixels] == [(12, 12)] * 3
    assert pixels[0][2] != pixels[1][2]
    at = max(range(144), key=lambda i: case.adversarial[i] - case.original[i])
    assert pixels[2][2][3 * at] > 250, "the largest difference is bright"
    unmoved = next(i for i in range(144) if case.adversarial[i] == case.original[i])
    assert 127 <= pixels[2][2][3 * unmoved] <= 128, "no difference is grey"
    assert float(difference.words.split()[1]) == pytest.approx(
        0.5 / max(abs(a - o) for a, o in zip(case.adversarial, case.original, strict=True)), rel=0.05
    )


@pytest.mark.parametrize(
    ("shape", "layout", "size"),
    [((4, 6), "hw", (6, 4)), ((4, 6, 3), "hwc", (6, 4)), ((3, 4, 6), "chw", (6, 4)), ((1, 4, 6), "chw", (6, 4))],
)
def test_pictures_of_every_layout(shape: tuple[int, ...], layout: str, size: tuple[int, int]) -> None:
    count = math.prod(shape)
    values = tuple(i / count for i in range(count))
    case = WorstCase(0, "a", "b", 0.1, "x", (), shape, layout, values, values)
    before, _, difference = pictures(case)
    wide, high, pixels = _pixels(before.uri)
    assert (wide, high) == size
    assert len(set(pixels)) > 4
    assert difference.words == "no difference"


def test_what_is_no_image_is_not_drawn() -> None:
    for shape, values in (((3,), (0.0,) * 3), ((2, 2), (0.0,) * 3), ((2, 0), ()), ((2, 2), (math.nan,) * 4), ((), ())):
        assert pictures(WorstCase(0, "a", "b", 0.1, "x", (), shape, "hw", values, values)) == ()


def _pixels(uri: str) -> tuple[int, int, bytes]:
    data = base64.b64decode(uri.partition(",")[2])
    wide, high = struct.unpack(">II", data[16:24])
    at, body = 8, b""
    while at < len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        kind, content = data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        assert struct.unpack(">I", data[at + 8 + length : at + 12 + length])[0] == zlib.crc32(kind + content)
        body += content if kind == b"IDAT" else b""
        at += 12 + length
    lines = zlib.decompress(body)
    return wide, high, b"".join(lines[row * (3 * wide + 1) + 1 : (row + 1) * (3 * wide + 1)] for row in range(high))


# -- charts ------------------------------------------------------------------------------------------------------


def _points(svg: str, kind: str) -> list[tuple[float, float]]:
    found = re.search(rf'<{kind} class="\w+" points="([^"]+)"', svg)
    assert found is not None
    return [(float(x), float(y)) for x, y in (pair.split(",") for pair in found[1].split())]


def test_a_chart_shows_every_point_where_it_is() -> None:
    svg = curve_chart(curve("eps", "a", {0: 64, 0.1: 32, 0.2: 0}), 3, 0.1)
    line = _points(svg, "polyline")
    assert [x for x, _ in line] == [48.0, 296.0, 544.0], "even"
    assert [y for _, y in line] == [14.0, 115.0, 216.0], "from 100 % down to 0 %"
    band = _points(svg, "polygon")
    assert len(band) == 6
    assert band[1][1] < line[1][1] < band[4][1]
    assert svg.count("<circle") == 3
    assert 'x1="296.0"' in svg.partition('class="mark"')[2]
    assert 'aria-labelledby="chart-3-title chart-3-desc"' in svg
    assert "Accuracy goes from 100 % at 0 to 0 % at 0.2" in svg


def test_queries_and_wide_radii_are_drawn_by_powers_of_ten() -> None:
    for over, at in (("queries", (1, 10, 100, 1000)), ("eps", (0.001, 0.01, 0.1, 1))):
        line = _points(curve_chart(curve(over, "a", dict.fromkeys(at, 30)), 0), "polyline")
        steps = [after[0] - before[0] for before, after in pairwise(line)]
        assert max(steps) - min(steps) < 0.2
    with_zero = _points(curve_chart(curve("eps", "a", {0: 60, 0.001: 50, 1: 10}), 0), "polyline")
    assert with_zero[0][0] == 48.0
    assert with_zero[0][0] < with_zero[1][0] < with_zero[2][0] == 544.0


def test_odd_curves_are_no_trouble() -> None:
    assert curve_chart(curve("eps", "a", {}), 0) == ""
    assert curve_chart(curve("eps", "a", {0.1: 3}), 0) == ""
    assert curve_chart(curve("eps", "a", {0.1: 0, 0.2: 0}, total=0), 0) == ""
    for points in (
        {0: 60, 1: 3},
        {0.0: 3, 0.0000001: 3},
        {5: 1, 5.0000001: 1},
        {1: 3, math.inf: 0, 2: 1},
        {-1: 3, 100: 3},
    ):
        svg = curve_chart(curve("eps", "a", points), 0, 0.5)
        places = _points(svg, "polyline")
        assert all(47 <= x <= 545 and 13 <= y <= 217 for x, y in places)
        assert "nan" not in svg


# -- hostile -----------------------------------------------------------------------------------------------------


def poisoned(value: Any, text: str) -> Any:
    """The same with every text replaced."""
    if isinstance(value, Norm) or value is None:
        return value
    if isinstance(value, str):
        return value if type(value) is not str else text
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {field.name: poisoned(getattr(value, field.name), text) for field in dataclasses.fields(value)}
        if "over" in fields:
            fields["over"] = value.over  # type: ignore[attr-defined]
        return dataclasses.replace(value, **fields)
    if isinstance(value, tuple):
        return tuple(poisoned(entry, text) for entry in value)
    if isinstance(value, dict):
        return dict.fromkeys([text], next(iter(value.values()))) if value else value
    return value


HOSTILE = (
    "</script></style></title><img src=x onerror=alert(1)>",
    "\x1b[2J\x07\u202e\u200b",
    "| a | b |\n# heading\n- [x](javascript:alert(1)) ![y](http://e.example/z.png) @someone `code`",
    "caf\udce9",
    "escaped:\\",
    "{{ 7 * 7 }}{% raw %}",
    "",
)


@given(st.sampled_from(sorted(TESTS)), st.sampled_from(HOSTILE) | reports.texts)
@_LIMITS
def test_names_smuggle_nothing_in(name: str, text: str) -> None:
    test = poisoned(TESTS[name](), text)
    for fmt in FORMATS:
        made = shown(test, fmt)
        assert_harmless(made)
        assert made.endswith("\n")
        if fmt == "html":
            page = _Page(made)
            assert not page.open
            assert not [key for _, attributes in page.elements for key in attributes if key.startswith("on")]
            assert len(page.all("img")) == (6 if name in ("image", "withheld") else 0)
        elif fmt == "json":
            VALIDATOR.validate(json.loads(made))
        elif fmt == "markdown":
            assert len(made) < 65_536
            assert_only_our_markup(made)


def test_markdown_leaves_out_what_has_no_room_and_says_so() -> None:
    many = tuple(dataclasses.replace(image_test().worst[0], attack="x" * 400, index=i) for i in range(300))
    text = shown(dataclasses.replace(image_test(), worst=many), "markdown")
    assert len(text) < 65_536
    assert "**More is not shown here**" in text
    assert COMMAND in text


def test_the_console_is_brief_about_curves() -> None:
    many = {at: 64 - at for at in range(1, 31)}
    slow = curve("queries", "scores/slow", {1: 60, 30: 50})
    test = dataclasses.replace(image_test(), curves=(*image_test().curves, slow, curve("queries", "scores/fast", many)))
    text = shown(test, "console")
    assert "2 more curves in the HTML and JSON reports." in text
    assert "Accuracy over queries: scores/square" in text, "it ends lowest"
    fewer = shown(dataclasses.replace(test, curves=test.curves[2:]), "console")
    drawn = re.findall(r"^ +(\d+)  [█·]+", fewer.partition("scores/fast")[2], re.MULTILINE)
    assert [drawn[0], drawn[-1], len(drawn)] == ["1", "30", 7]
    page = re.sub(r"<[^>]*>", "", shown(test, "html"))
    assert "Accuracy over queries: scores/slow" in page


def test_the_console_shows_each_shift_at_its_worst() -> None:
    rotation = image_test().shifts[1]
    mild = dataclasses.replace(rotation, strength=5.0, accuracy=Rate(188, 200))
    test = dataclasses.replace(image_test(), shifts=(image_test().shifts[0], rotation, mild))
    text = shown(test, "console", width=120)
    assert "188 of 200" not in text
    assert text.index("shifts/rotation        15  60.0 %") < text.index("shifts/noise")
    assert "Each at the strength that is worst" in text
    assert "188 of 200" in shown(test, "html")
    assert "Each at the strength" not in shown(image_test(), "console")


def test_checks_that_were_not_asked_stand_together_where_there_is_little_room() -> None:
    believed = image_test()
    skipped = next(check for check in believed.sanity if check.outcome is Believed.NOT_RUN)
    more = dataclasses.replace(skipped, id="another-check", question="Another question?")
    test = dataclasses.replace(believed, sanity=(*believed.sanity, more))
    text = " ".join(shown(test, "markdown").split())
    assert "| not asked | transfer-not-stronger, another-check | Not asked: no attack to compare with" in text
    assert "Another question?" in shown(test, "html")


def test_long_lists_are_cut_and_counted() -> None:
    groups = tuple(GroupRobustness("class", f"c{i}", Rate(9, 10), Rate(i % 10, 10)) for i in range(33))
    text = shown(dataclasses.replace(image_test(), groups=groups), "console")
    assert "13 more groups in the JSON report" in text
    assert text.index("class c0 ") < text.index("class c1 ")
