"""The plain values that expressions of a policy see."""

from __future__ import annotations

import json
from pathlib import Path

from hypothesis import given

from tests.provenance.bom import models
from tests.provenance.bom.models import bom_of
from tests.provenance.bom.strategies import boms
from violet.domain.bom import Bom
from violet.services.bom import for_policy, load_bom, render_document


def test_a_model(tmp_path: Path) -> None:
    elements = models.hugging_face(tmp_path / "tiny")
    (tmp_path / "train.csv").write_text("a\n")
    seen = for_policy(bom_of(tmp_path / "tiny", training=(str(tmp_path / "train.csv"),)))
    assert (seen["parameters"], seen["parameters_measured"]) == (elements, True)
    assert seen["licenses"] == ["Apache-2.0"]
    assert seen["base_models"] == ["example/base"]
    assert seen["datasets_with_digests"] is False
    digests = {data["name"]: data["digests"] for data in seen["datasets"]}
    assert digests["squad"] == {}
    assert set(digests["train.csv"]) == {"sha256"}
    assert (seen["components"], seen["unpinned"], seen["unhashed"]) == (1, 0, 1)


def test_a_document_gives_the_same_values(tmp_path: Path) -> None:
    models.gguf_file(tmp_path / "m.gguf")
    bom = bom_of(tmp_path / "m.gguf")
    (tmp_path / "m.cdx.json").write_text(render_document(bom, "cyclonedx"))
    assert for_policy(load_bom(str(tmp_path / "m.cdx.json"))) == for_policy(bom)


def test_what_is_only_claimed_is_not_measured(tmp_path: Path) -> None:
    models.safetensors_file(tmp_path / "m.safetensors")
    data = (tmp_path / "m.safetensors").read_bytes()
    (tmp_path / "m.safetensors").write_bytes(data[:-8])
    seen = for_policy(bom_of(tmp_path / "m.safetensors"))
    assert seen["parameters_measured"] is False
    assert seen["parameters"] == seen["parameters_claimed"] == 59
    assert seen["gaps"]


@given(boms())
def test_only_plain_values(bom: Bom) -> None:
    seen = for_policy(bom)
    assert json.loads(json.dumps(seen)) == seen
    assert None not in seen.values()
