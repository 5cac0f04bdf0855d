"""Explanations in every format: complete, well formed, and harmless whatever the names in them hold."""

from __future__ import annotations

import json
import re
import struct
import zlib
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.checks.explain.examples import DETECTION, SOUND, changed, entry, interval, shortcut
from violet.domain import Decision, Report, UsageError, Verdict
from violet.domain.explanation import Explanation, FeatureReliance, InputExplanation, Part, ShortcutSearch
from violet.domain.rate import Rate
from violet.explain.plain import paragraphs
from violet.report import View
from violet.report.explaining import FORMATS, render_explanation
from violet.report.explaining.png import heat_map, picture
from violet.services.explaining.judge import report_of

SCHEMA = json.loads((Path(__file__).parents[3] / "docs" / "schemas" / "explanation-1.json").read_text("utf-8"))
HOSTILE = "\x1b[31m<script>alert(1)</script>|`*_\u202eend\ud800"


def rendered(explanation: Explanation, fmt: str, width: int | None = None) -> str:
    view = View(report_of(explanation), Decision(Verdict.WARN, ("because",), 0), width=width)
    return render_explanation(replace(explanation, plain=paragraphs(explanation)), view, fmt)


def shortcuts_found() -> Explanation:
    return changed(shortcuts=ShortcutSearch(20, 200, (shortcut(name="leak", least=0.9, decides=True), shortcut())))


def an_image() -> Explanation:
    heat = tuple(float(value - 8) for value in range(16))
    shown = InputExplanation(
        7,
        "a",
        "a",
        0.9,
        0.1,
        (Part("row 0, column 0", "", 0.2),),
        1e-6,
        (4, 4),
        "hw",
        tuple(v / 16 for v in range(16)),
        heat,
    )
    return changed(kind="image", shape=(4, 4), layout="hw", heat=heat, inputs=(shown,))


def hostile() -> Explanation:
    names = (FeatureReliance(HOSTILE, 0.6, interval(0.5, 0.7), 0.1, Rate(1, 2)),)
    surface = replace(SOUND.surface, entries=(entry(feature=HOSTILE, note=HOSTILE),), attack=HOSTILE)
    part = InputExplanation(0, HOSTILE, HOSTILE, 0.5, 0.5, (Part(HOSTILE, HOSTILE, 0.1),), 0.0)
    return changed(
        subject=HOSTILE,
        data=HOSTILE,
        reliance=names,
        surface=surface,
        inputs=(part,),
        restrictions=(HOSTILE,),
        shortcuts=ShortcutSearch(1, 1, (shortcut(name=HOSTILE, label=HOSTILE, decides=True, least=0.9),)),
        command=HOSTILE,
    )


BARE = changed(inputs=(), surface=None, detection=None, shortcuts=None, stability=None, restrictions=("why",))
CASES = {"sound": SOUND, "shortcut": shortcuts_found(), "image": an_image(), "bare": BARE, "hostile": hostile()}


@pytest.mark.parametrize("name", CASES)
def test_json_is_of_its_schema(name: str) -> None:
    document = json.loads(rendered(CASES[name], "json"))
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.validate(document, SCHEMA)
    assert document["schema"] == "violet-explanation/1"


def test_json_holds_the_figures() -> None:
    document = json.loads(rendered(shortcuts_found(), "json"))
    assert document["reliance"][0]["share"] == 0.15
    assert document["accuracy"]["hits"] == 190
    assert document["accuracy"]["low"] == pytest.approx(Rate(190, 200).interval().low)
    assert document["detection"]["baselines"][0]["gain"] == -0.01
    assert [finding["rule"] for finding in document["findings"]] == ["explain/shortcut"]
    unknown = changed(surface=replace(SOUND.surface, agreement=float("nan")))
    assert json.loads(rendered(unknown, "json"))["surface"]["agreement"] is None


@pytest.mark.parametrize("fmt", FORMATS)
@pytest.mark.parametrize("name", CASES)
def test_every_format_is_clean_text(fmt: str, name: str) -> None:
    text = rendered(CASES[name], fmt)
    assert text.endswith("\n")
    assert not text.endswith("\n\n")
    text.encode("utf-8")
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f\u202e]", text)
    marked_up = re.sub(r"(`+).*?\1", "", text) if fmt == "markdown" else text
    assert "<script>" not in marked_up or fmt in ("console", "json")


@pytest.mark.parametrize("fmt", ["console", "markdown", "html"])
def test_all_that_was_measured_is_told(fmt: str) -> None:
    text = " ".join(rendered(shortcuts_found(), fmt).split())
    for words in (
        "income",
        "maximum probability",
        "adds nothing",
        "Stability",
        "leak",
        "200 examples",
        "scores/square",
    ):
        assert words in text, words
    assert "Restrictions" not in text
    assert "why" in rendered(BARE, fmt)


def test_the_console_keeps_to_its_width() -> None:
    for width in (60, 80, 120):
        text = rendered(replace(CASES["sound"], restrictions=("x " * 200,)), "console", width)
        lines = [line for line in text.splitlines() if not line.startswith(("Again", "Data digest", "Versions"))]
        prose = [line for line in lines if "█" not in line and "  " not in line.strip()]
        assert max(map(len, prose)) <= width
        assert max(map(len, lines)) <= max(width, 80), "columns that can be spared are left out"


class Page(HTMLParser):
    """Open tags must be closed in order; what a page may not hold is counted."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))
        if tag not in ("meta", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("name", CASES)
def test_the_page_is_self_contained(name: str) -> None:
    page = Page()
    text = rendered(CASES[name], "html")
    page.feed(text)
    assert page.open == []
    tags = [tag for tag, _ in page.seen]
    assert "script" not in tags
    assert "link" not in tags
    for _, attributes in page.seen:
        assert not any(key == "style" or key.startswith("on") for key in attributes)
        source = attributes.get("src") or ""
        assert not source or source.startswith("data:image/png;base64,")
    policy = next(a["content"] for _, a in page.seen if a.get("http-equiv") == "Content-Security-Policy")
    assert policy is not None
    assert "default-src 'none'" in policy
    assert "rect" in tags


def test_images_have_heat_maps() -> None:
    page = Page()
    page.feed(rendered(CASES["image"], "html"))
    images = [attributes for tag, attributes in page.seen if tag == "img"]
    assert len(images) == 3
    assert {image["alt"] for image in images} >= {"mean size of attribution", "the input"}


def pixels(uri: str) -> tuple[int, int, bytes]:
    import base64

    data = base64.b64decode(uri.partition(",")[2])
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", data[16:24])
    at = data.index(b"IDAT")
    (length,) = struct.unpack(">I", data[at - 4 : at])
    lines = zlib.decompress(data[at + 4 : at + 4 + length])
    rows = [lines[row * (width * 3 + 1) + 1 : (row + 1) * (width * 3 + 1)] for row in range(height)]
    return height, width, b"".join(rows)


def test_a_heat_map_is_white_where_nothing_is_red_for_and_blue_against() -> None:
    height, width, data = pixels(heat_map((0.0, 2.0, -2.0, 1.0, 0.0, 0.0), 2, 3))
    assert (height, width) == (2, 3)
    assert data[0:3] == b"\xff\xff\xff"
    red, blue, faint = data[3:6], data[6:9], data[9:12]
    assert red[0] > red[2]
    assert blue[2] > blue[0]
    assert faint[0] > red[0]


@pytest.mark.parametrize(
    ("shape", "layout", "values"),
    [
        ((1, 2), "hw", (0.0, 1.0)),
        ((3, 1, 2), "chw", (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)),
        ((1, 2, 3), "hwc", (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)),
        ((1, 1, 2), "chw", (0.0, 1.0)),
    ],
)
def test_pictures_show_what_they_are(shape: tuple[int, ...], layout: str, values: tuple[float, ...]) -> None:
    height, width, data = pixels(picture(values, shape, layout))
    assert (height, width) == (1, 2)
    wanted = b"\x00\x00\x00\xff\xff\xff" if shape[0] == 1 and layout != "hwc" else b"\xff\x00\x00\x00\xff\x00"
    assert data == wanted


def test_pictures_are_read_by_another_program() -> None:
    import base64
    import io

    from PIL import Image

    uri = heat_map(tuple(float(v) for v in range(12)), 3, 4)
    image = Image.open(io.BytesIO(base64.b64decode(uri.partition(",")[2])))
    image.load()
    assert image.size == (4, 3)


def test_an_unknown_format_is_said() -> None:
    with pytest.raises(UsageError, match="is not a format"):
        rendered(SOUND, "pdf")


def test_colour_changes_nothing_but_colour() -> None:
    view = View(Report("explain", ""), Decision(Verdict.ALLOW))
    plain = render_explanation(SOUND, view, "console")
    coloured = render_explanation(SOUND, replace_view(view), "console")
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == plain
    assert coloured != plain


def replace_view(view: View) -> View:
    return replace(view, color=True)


PLAIN: list[tuple[dict[str, Any], str, str]] = [
    ({}, "right in 95 of 100", "takes a shortcut"),
    ({}, "no better alarm", "better than the simple signs"),
    ({"detection": replace(DETECTION, adds=True)}, "points at the attacked one in 97 of 100", "not worth building"),
    ({"surface": None}, "did not see it attacked", "managed with"),
    ({"surface": replace(SOUND.surface, fooled=Rate(0, 40))}, "no proof that nobody can", "managed with"),
    ({"surface": replace(SOUND.surface, selected=True)}, "50 changed examples by which it had been", "managed with"),
    ({"shortcuts": shortcuts_found().shortcuts}, "The entry 'leak' alone is enough", "found none"),
    (
        {"stability": replace(SOUND.stability, overlap=0.2, overlap_interval=interval(0.1, 0.3))},
        "do not read much into the order",
        "95 % of the 5",
    ),
    (
        {"surface": replace(SOUND.surface, entries=(entry(immutable=True),))},
        "nobody is supposed to be able to change",
        "did not see it attacked",
    ),
]


@pytest.mark.parametrize(("fields", "says", "says_not"), PLAIN)
def test_plain_language_follows_the_figures(fields: dict[str, Any], says: str, says_not: str) -> None:
    text = " ".join(paragraphs(changed(**fields)))
    assert says in text
    assert says_not not in text


def test_plain_language_has_no_terms_of_the_trade() -> None:
    for explanation in CASES.values():
        if explanation is CASES["hostile"]:
            continue
        text = " ".join(paragraphs(explanation)).lower()
        for word in ("auc", "shap", "logit", "interval", "adversarial", "attribution", "classif", "predict", "nan"):
            assert word not in text, word
