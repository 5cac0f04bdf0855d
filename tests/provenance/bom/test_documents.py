"""CycloneDX and SPDX documents: valid under the official validators, and read back as they were written."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from tests.provenance.bom import models
from tests.provenance.bom.models import bom_of
from tests.provenance.bom.strategies import boms
from tests.provenance.bom.validators import cyclonedx_problem, spdx_objects
from violet.domain import UsageError
from violet.domain.bom import Bom, reference
from violet.provenance.bom.reader import read_bom
from violet.services.bom import render_document

FORMATS = [("cyclonedx", "1.6"), ("cyclonedx", "1.7"), ("spdx", "")]


@pytest.fixture(scope="module")
def bills(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Bom]:
    """Bills of real models and of a project."""
    folder = tmp_path_factory.mktemp("bills")
    models.safetensors_file(folder / "m.safetensors", {"format": "pt"})
    models.gguf_file(folder / "m.gguf")
    models.onnx_file(folder / "m.onnx")
    models.torch_zip(folder / "m.pt")
    models.pickled(folder / "m.pkl", models.sklearn_pipeline())
    models.hugging_face(folder / "tiny")
    (folder / "train.csv").write_text("a,b\n")
    (folder / "tiny.sig").write_text("{}")
    project = folder / "project"
    (project / "models").mkdir(parents=True)
    (project / "pyproject.toml").write_text('[project]\nname = "p"\ndependencies = ["torch>=2", "numpy==2.1.0"]\n')
    models.gguf_file(project / "models" / "a.gguf")
    made = {name: bom_of(folder / name) for name in ("m.safetensors", "m.gguf", "m.onnx", "m.pt", "m.pkl", "project")}
    made["tiny"] = bom_of(
        folder / "tiny",
        training=(str(folder / "train.csv"),),
        endpoints=("https://models.example.org/v2/tiny",),
        licenses=("Custom licence",),
    )
    return made


NAMES = ["m.safetensors", "m.gguf", "m.onnx", "m.pt", "m.pkl", "project", "tiny"]


def comparable(bom: Bom) -> dict[str, Any]:
    """Every field of a bill; lists whose order says nothing as sets."""
    found: dict[str, Any] = {}
    for field in dataclasses.fields(bom):
        value = getattr(bom, field.name)
        found[field.name] = frozenset(map(repr, value)) if isinstance(value, tuple) else value
    return found


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("fmt", "version"), FORMATS)
def test_documents_are_valid_and_lossless(bills: dict[str, Bom], name: str, fmt: str, version: str) -> None:
    text = render_document(bills[name], fmt, spec_version=version)
    if fmt == "cyclonedx":
        assert not cyclonedx_problem(text)
    else:
        spdx_objects(text)
    again = read_bom(text.encode())
    assert again is not None
    assert comparable(again) == comparable(bills[name])


@given(boms())
def test_any_bill_is_written_validly_and_read_back(bom: Bom) -> None:
    for fmt, version in FORMATS:
        text = render_document(bom, fmt, spec_version=version)
        if version == "1.6":
            assert not cyclonedx_problem(text)
        again = read_bom(text.encode())
        assert again is not None
        assert comparable(again) == comparable(bom)


@settings(max_examples=20)
@given(boms())
def test_any_bill_is_valid_spdx(bom: Bom) -> None:
    spdx_objects(render_document(bom, "spdx"))


@pytest.mark.parametrize(("fmt", "version"), FORMATS)
def test_the_same_bill_gives_the_same_bytes(bills: dict[str, Bom], fmt: str, version: str) -> None:
    first, second = (render_document(bills["tiny"], fmt, spec_version=version) for _ in range(2))
    assert first == second
    dated = render_document(bills["tiny"], fmt, spec_version=version, timestamp="2026-11-02T09:00:00Z")
    assert dated != first
    assert "2026-11-02T09:00:00Z" in dated
    assert "2026" not in first


def test_the_serial_number_follows_the_content(bills: dict[str, Bom]) -> None:
    serials = {json.loads(render_document(bom, "cyclonedx"))["serialNumber"] for bom in bills.values()}
    assert len(serials) == len(bills)


def test_model_card_fields(bills: dict[str, Bom]) -> None:
    document = json.loads(render_document(bills["tiny"], "cyclonedx"))
    subject = document["metadata"]["component"]
    card = subject["modelCard"]
    parameters = card["modelParameters"]
    assert subject["type"] == "machine-learning-model"
    assert (parameters["task"], parameters["architectureFamily"]) == ("text-classification", "bert")
    assert parameters["modelArchitecture"] == "BertForSequenceClassification"
    data = {c["bom-ref"]: c for c in document["components"] if c["type"] == "data"}
    assert {entry["ref"] for entry in parameters["datasets"]} == set(data)
    assert any(c["name"] == "train.csv" and c["hashes"][0]["alg"] == "SHA-256" for c in data.values())
    assert card["quantitativeAnalysis"]["performanceMetrics"] == [
        {"type": "accuracy", "value": "0.91", "slice": "GLUE SST-2"}
    ]
    assert card["considerations"]["useCases"] == ["For tests only."]
    assert {"name": "violet:parameters", "value": "59"} in card["properties"]
    assert {"name": "violet:source:parameters", "value": "measured model.safetensors#header = 59"} in card["properties"]
    assert subject["pedigree"]["ancestors"][0]["purl"] == "pkg:huggingface/example/base"
    assert {r["type"]: r["url"] for r in subject["externalReferences"]} == {"digital-signature": "tiny.sig"}
    assert document["services"][0]["endpoints"] == ["https://models.example.org/v2/tiny"]
    names = [entry["license"].get("id") or entry["license"].get("name") for entry in subject["licenses"]]
    assert names == ["Apache-2.0", "Custom licence"]


def test_dependencies_name_only_what_is_there(bills: dict[str, Bom]) -> None:
    document = json.loads(render_document(bills["m.pkl"], "cyclonedx"))
    refs = {document["metadata"]["component"]["bom-ref"], *(c["bom-ref"] for c in document["components"])}
    for entry in document["dependencies"]:
        assert entry["ref"] in refs
        assert set(entry.get("dependsOn", ())) <= refs
    assert document["dependencies"][0]["dependsOn"]


def test_spdx_says_what_a_model_was_trained_on(bills: dict[str, Bom]) -> None:
    found = spdx_objects(render_document(bills["tiny"], "spdx"))
    model = next(o for o in found.objects if type(o).__name__ == "ai_AIPackage" and o.name == "tiny")
    related = {
        (r.relationshipType.rpartition("/")[2], to.name)
        for r in found.objects
        if type(r).__name__ == "Relationship" and r.from_ is model
        for to in r.to
        if not isinstance(to, str)
    }
    assert {("trainedOn", "squad"), ("trainedOn", "train.csv"), ("testedOn", "GLUE SST-2")} <= related
    assert {("descendantOf", "example/base"), ("contains", "config.json")} <= related
    kinds = [
        r.relationshipType.rpartition("/")[2]
        for r in found.objects
        if type(r).__name__ == "Relationship" and r.from_ is model
    ]
    assert kinds.count("hasDeclaredLicense") == kinds.count("hasConcludedLicense") == 1
    assert {entry.key: entry.value for entry in model.ai_hyperparameter} == {"hidden_size": "4"}


def test_spdx_claims_the_ai_profile_only_where_all_is_known(tmp_path: Path) -> None:
    models.safetensors_file(tmp_path / "m.safetensors")
    bare = json.loads(render_document(bom_of(tmp_path / "m.safetensors"), "spdx"))["@graph"][1]
    assert "ai" not in bare["profileConformance"]
    assert "the model's supplier" in bare["comment"]
    stated = bom_of(
        tmp_path / "m.safetensors",
        supplier="Example",
        version="1.0",
        location="https://example.org/m.safetensors",
        released="2026-11-02T09:00:00Z",
    )
    text = render_document(stated, "spdx")
    full = json.loads(text)["@graph"][1]
    assert "ai" in full["profileConformance"]
    assert "comment" not in full
    found = spdx_objects(text)
    model = next(o for o in found.objects if type(o).__name__ == "ai_AIPackage")
    assert model.suppliedBy.name == "Example"
    assert model.software_primaryPurpose.endswith("/model")


def test_unknown_versions_of_the_formats_are_refused(bills: dict[str, Bom]) -> None:
    with pytest.raises(UsageError, match=r"CycloneDX 1\.4"):
        render_document(bills["m.pt"], "cyclonedx", spec_version="1.4")
    with pytest.raises(UsageError, match=r"SPDX 2\.3"):
        render_document(bills["m.pt"], "spdx", spec_version="2.3")


def test_every_licence_identifier_is_one_that_cyclonedx_knows() -> None:
    """The identifiers come from packaging's list, the schema has its own: a newer one would be invalid."""
    from importlib.resources import files

    from packaging.licenses._spdx import LICENSES

    schema = json.loads((files("cyclonedx.schema._res") / "spdx.SNAPSHOT.schema.json").read_text())
    assert {entry["id"] for entry in LICENSES.values()} <= set(schema["enum"])


def test_a_bill_written_by_another_tool() -> None:
    """Made by cyclonedx-python-lib itself, nested components and all."""
    from cyclonedx.model.bom import Bom as TheirBom
    from cyclonedx.model.component import Component as TheirComponent
    from cyclonedx.model.component import ComponentType
    from cyclonedx.output.json import JsonV1Dot6
    from packageurl import PackageURL

    root = TheirComponent(name="app", type=ComponentType.APPLICATION, bom_ref="root")
    library = TheirComponent(
        name="lodash",
        group="@types",
        version="4.17.20",
        bom_ref="one",
        purl=PackageURL("npm", "@types", "lodash", "4.17.20"),
    )
    inner = TheirComponent(name="inner", version="1", bom_ref="two")
    library.components.add(inner)
    theirs = TheirBom(components=[library])
    theirs.metadata.component = root
    theirs.register_dependency(root, [library])
    theirs.register_dependency(library, [inner])
    bom = read_bom(JsonV1Dot6(theirs).output_as_string().encode())
    assert bom is not None
    parts = {part.name: part for part in bom.components}
    assert (parts["@types/lodash"].ecosystem, parts["@types/lodash"].version) == ("npm", "4.17.20")
    kinds = {(r.source, r.kind, r.target) for r in bom.relations}
    one, two = reference(parts["@types/lodash"]), reference(parts["inner"])
    assert {(reference(bom.subject), "depends-on", one), (one, "depends-on", two), (one, "contains", two)} <= kinds


def test_what_is_not_carried_over_is_said() -> None:
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "components": [{"type": "library", "name": "a"}],
        "vulnerabilities": [{"id": "CVE-2026-1"}],
    }
    bom = read_bom(json.dumps(document).encode())
    assert bom is not None
    assert bom.gaps == ("not carried over from the document: vulnerabilities (1)",)


def test_vulnerabilities_are_valid_in_both_formats(bills: dict[str, Bom]) -> None:
    import datetime

    from violet.domain import Severity
    from violet.domain.vulnerability import Exposure, Match, VexProduct, VexStatement, VexStatus

    bom = bills["project"]
    torch, numpy = (next(p for p in bom.components if p.name == name) for name in ("torch", "numpy"))
    vex = VexStatement(
        "CVE-2026-2",
        VexStatus.NOT_AFFECTED,
        (VexProduct((numpy.purl,)),),
        datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC),
        justification="vulnerable_code_not_in_execute_path",
    )
    vector = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"
    matches = (
        Match(torch, "CVE-2026-1", ("GHSA-aaaa-bbbb-cccc",), ("CVE-2026-1",), Exposure.POSSIBLE, fixed=("2.6.0",),
              severity=Severity.CRITICAL, score=9.8, vector=vector, summary="Bad.", cwes=("CWE-502",)),
        Match(numpy, "CVE-2026-2", ("PYSEC-2026-2",), vex=vex),
    )  # fmt: skip
    for version in ("1.6", "1.7"):
        text = render_document(bom, "cyclonedx", spec_version=version, matches=matches)
        assert not cyclonedx_problem(text)
        entries = json.loads(text)["vulnerabilities"]
        assert [entry["analysis"]["state"] for entry in entries] == ["in_triage", "not_affected"]
        assert entries[0]["cwes"] == [502]
    found = spdx_objects(render_document(bom, "spdx", matches=matches))
    assert [o.name for o in found.objects if type(o).__name__ == "security_Vulnerability"] == ["CVE-2026-1"]
