"""What readers see of a bill of materials, held by snapshots."""

from __future__ import annotations

import json

from hypothesis import given
from syrupy.assertion import SnapshotAssertion

from tests.provenance.bom.strategies import boms
from violet.domain import Digest
from violet.domain.bom import (
    MODEL,
    Basis,
    Bom,
    Dataset,
    Metric,
    ModelFacts,
    Property,
    Reference,
    Relation,
    Source,
    TensorSpec,
    reference,
)
from violet.domain.component import Component
from violet.provenance.bom.compare import compare
from violet.report.bom import console, difference_console, difference_markdown, markdown
from violet.report.bom_json import bom_json, difference_json


def digest(letter: str) -> Digest:
    return Digest("sha256", letter * 64)


def sample(second: bool = False) -> Bom:
    """A fine-tuned classifier, and its second version."""
    version, letter = ("2.0", "b") if second else ("1.0", "a")
    facts = ModelFacts(
        format="safetensors",
        framework="PyTorch",
        architecture="BertForSequenceClassification",
        family="bert",
        task="text-classification",
        approach="supervised",
        tensors=201,
        parameters=66_955_010 if second else 66_362_880,
        parameters_claimed=67_000_000,
        dtypes=(("F16", 66_955_010),) if second else (("F32", 66_362_880),),
        inputs=(TensorSpec("input_ids", "int64", ("batch", "sequence")), TensorSpec("age")),
        outputs=(TensorSpec("logits", "float32", ("batch", "2")),),
        tokenizer="BertTokenizer",
        base_models=("example/base",),
        licenses=("Apache-2.0",) if second else ("MIT",),
        languages=("en",),
        hyperparameters=tuple((f"setting_{number}", str(number)) for number in range(15)),
        metrics=(Metric("accuracy", "0.92" if second else "0.91", "SST-2"),),
        considerations=(("limitations", "English only.\nNo | pipes."),),
        version=version,
        sources=(
            Source("architecture", "BertForSequenceClassification", Basis.CLAIMED, "config.json#architectures"),
            Source("parameters", "66362880", Basis.MEASURED, "model.safetensors#header"),
        ),
    )
    subject = Component("tiny", version, MODEL, hashes=(digest(letter),), licenses=facts.licenses)
    parts = (
        Component("torch", "2.8.0" if second else "2.6.0", "framework", "PyPI", f"pkg:pypi/torch@{version}",
                  licenses=("BSD-3-Clause",), origin="requirements.txt:1"),
        Component("numpy", "", "library", "PyPI", "pkg:pypi/numpy", ">=2", origin="pyproject.toml:8"),
        Component("config.json", type="file", hashes=(digest(letter),)),
        Component("example/base", type=MODEL, purl="pkg:huggingface/example/base"),
    )  # fmt: skip
    if second:
        parts = (*parts, Component("peft", "0.17.0", "library", "PyPI", "pkg:pypi/peft@0.17.0"))
    return Bom(
        subject=subject,
        facts=facts,
        components=parts,
        datasets=(
            Dataset("train.parquet", digests=(digest("c"),), size=10),
            Dataset("SST-2", "testing", origin="README.md"),
        ),
        relations=tuple(Relation(reference(subject), "depends-on", reference(part)) for part in parts),
        references=(Reference("signature", "tiny.sig", (digest("d"),)),),
        properties=(Property("", "violet:labels", "bad, good"),),
        gaps=("onnx/model.onnx: the worker ran out of memory",),
        conflicts=("parameters: 66,362,880 are in the tensors, but 67,000,000 are claimed",),
    )


def test_console(snapshot: SnapshotAssertion) -> None:
    assert console(sample(), width=100) == snapshot


def test_markdown(snapshot: SnapshotAssertion) -> None:
    assert markdown(sample()) == snapshot


def test_json(snapshot: SnapshotAssertion) -> None:
    assert bom_json(sample()) == snapshot


def test_difference_on_the_console(snapshot: SnapshotAssertion) -> None:
    assert difference_console(compare(sample(), sample(second=True)), width=100) == snapshot


def test_difference_in_markdown(snapshot: SnapshotAssertion) -> None:
    assert difference_markdown(compare(sample(), sample(second=True))) == snapshot


def test_difference_in_json(snapshot: SnapshotAssertion) -> None:
    assert difference_json(compare(sample(), sample(second=True))) == snapshot


def test_no_difference() -> None:
    found = compare(sample(), sample())
    assert "has changed" in difference_console(found)
    assert json.loads(difference_json(found))["changed"] is False


def test_long_lists_are_cut_and_say_so() -> None:
    from dataclasses import replace

    files = tuple(Component(f"file-{n}", type="file", hashes=(digest("e"),)) for n in range(100))
    text = console(replace(sample(), components=files), more="violet bom tiny --format markdown")
    assert "and 60 more" in text
    assert "All of it: violet bom tiny --format markdown" in text
    assert "file-99" in console(replace(sample(), components=files), full=True)


@given(boms(), boms())
def test_every_rendering_is_plain_text(first: Bom, second: Bom) -> None:
    difference = compare(first, second)
    for text in (
        console(first), markdown(first), difference_console(difference), difference_markdown(difference)
    ):  # fmt: skip
        assert text.endswith("\n")
        assert all(character.isprintable() or character == "\n" for character in text)
    json.loads(bom_json(first))
    json.loads(difference_json(difference))
