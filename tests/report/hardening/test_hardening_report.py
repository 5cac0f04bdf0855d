"""Reports of hardening, from one made-up result: the same words in every format, and JSON as its schema says."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
from syrupy.assertion import SnapshotAssertion

from tests.checks.evasion.examples import SOUND
from violet.domain.hardening import (
    Calibration,
    Certificate,
    CertifiedPoint,
    Effect,
    Hardening,
    Paired,
)
from violet.domain.rate import Interval, Rate
from violet.report.hardening import HardeningView, render_hardening
from violet.report.hardening.json_ import schema_text

PUBLISHED = Path(__file__).parents[3] / "docs" / "schemas" / "hardening-1.json"
BEFORE = replace(SOUND, bound=Rate(40, 200), robust=Rate(40, 200))
RESULT = Hardening(
    method="smoothing",
    parent="model.onnx",
    parent_digest="sha256:" + "0" * 64,
    output="smooth.json",
    output_digest="sha256:" + "1" * 64,
    effect=Effect.HARDER,
    verdict="85.0 % withstand linf:0.03 instead of 20.0 %; clean accuracy changed by -1.0 points.",
    before=BEFORE,
    after=replace(SOUND, moved=(("f1", 1.0),), relied=(("f1", 0.5), ("f2", 0.5)), relied_by="permutation"),
    clean=Paired(3, 5, 200, -0.01, Interval(-0.04, 0.02, method="agresti-min"), 0.73),
    robust=Paired(132, 2, 200, 0.65, Interval(0.57, 0.71, method="agresti-min"), 1e-36),
    seed=4,
    settings=(("sigma", "0.1"),),
    steps=(("epoch 1 loss", 0.25),),
    certificate=Certificate(
        0.1,
        1000,
        0.001,
        Rate(4, 100),
        (CertifiedPoint(0.0, Rate(90, 100)), CertifiedPoint(0.2, Rate(61, 100))),
        0.17,
        4,
    ),
    calibration=Calibration(1.7, 0.08, 0.02),
    notes=("Its answers are drawn by lot.",),
    command="violet harden model.onnx --method smoothing",
    seconds=12.5,
)


def test_the_console_shows_before_and_after(snapshot: SnapshotAssertion) -> None:
    assert render_hardening(HardeningView(RESULT), "console") == snapshot


def test_markdown_has_a_table(snapshot: SnapshotAssertion) -> None:
    assert render_hardening(HardeningView(RESULT), "markdown") == snapshot


def test_json_is_as_its_published_schema_says() -> None:
    schema = json.loads(PUBLISHED.read_text(encoding="utf-8"))
    assert schema == json.loads(schema_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    document = json.loads(render_hardening(HardeningView(RESULT), "json"))
    jsonschema.validate(document, schema)
    assert document["after"]["relied"] == [{"feature": "f1", "share": 0.5}, {"feature": "f2", "share": 0.5}]
    assert set(document) == set(schema["properties"])


def test_what_was_not_made_is_null_and_valid() -> None:
    bare = replace(RESULT, certificate=None, calibration=None, after=replace(SOUND, robust=None, withheld=("masked",)))
    document = json.loads(render_hardening(HardeningView(bare), "json"))
    jsonschema.validate(document, json.loads(schema_text()))
    assert document["certificate"] is None


@pytest.mark.parametrize("effect", list(Effect))
def test_the_page_is_self_contained_and_says_what_came_of_it(effect: Effect) -> None:
    page = render_hardening(HardeningView(replace(RESULT, effect=effect)), "html")
    assert effect.value.capitalize() in page
    assert "<script" not in page
    assert "default-src 'none'" in page
    assert "src=" not in page.replace("style-src", "")


@pytest.mark.parametrize("fmt", ["console", "json", "markdown", "html"])
def test_hostile_names_cannot_break_out(fmt: str) -> None:
    evil = "<script>alert(1)</script>\x1b[31m\n| a"
    text = render_hardening(HardeningView(replace(RESULT, parent=evil, verdict=evil, notes=(evil,))), fmt)
    assert "\x1b" not in text
    if fmt in ("html", "markdown"):
        assert "<script>" not in text
