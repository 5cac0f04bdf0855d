"""Where a bill has the training data from: attestations that are believed, what is stated, and descriptions."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.provenance.attesting import Signer, signer
from tests.provenance.bom.models import bom_of, safetensors_file
from tests.provenance.bom.validators import cyclonedx_problem, spdx_objects
from violet.domain import Digest, UsageError, VioletError
from violet.domain.bom import Bom, Dataset, reference
from violet.provenance.bom.reader import read_bom
from violet.provenance.identity import identify
from violet.provenance.stores import beside
from violet.services.attest import attest_statement
from violet.services.bom import render_document
from violet.services.bom_data import DataTerms
from violet.services.configuration import Configuration, load
from violet.services.dataset import describe, manifest_path, write_manifest
from violet.services.training import Training, provenance_of

ABSENT = "sha256:" + "cd" * 32


@pytest.fixture(scope="module")
def ci(tmp_path_factory: pytest.TempPathFactory) -> Signer:
    return signer(tmp_path_factory.mktemp("keys"), "ci")


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "m.safetensors"
    safetensors_file(path, {"format": "pt"})
    return path


@pytest.fixture
def train(tmp_path: Path) -> Path:
    path = tmp_path / "data" / "train.csv"
    path.parent.mkdir()
    path.write_text("age,label\n" + "".join(f"{n},{n % 2}\n" for n in range(30)))
    return path


def settings(folder: Path, *trusted: Signer) -> Configuration:
    text = "".join(f'[trust.signers.{s.name}]\nkey = "{s.file}"\n' for s in trusted)
    (folder / "violet.toml").write_text(text)
    return load(file=str(folder / "violet.toml"))


def attest(model: Path, by: Signer, **inputs: Any) -> Path:
    identity = identify(str(model))
    predicate = provenance_of(Training(**inputs)).encode()
    return Path(attest_statement(identity, "provenance", predicate, by.key, beside(str(model))).path)


def described(data: Path) -> Path:
    place = Path(manifest_path(str(data)))
    write_manifest(describe(str(data), identify(str(data))), str(place))
    return place


def said(bom: Bom, data: Dataset) -> dict[str, str]:
    return {p.name: p.value for p in bom.properties if p.part == reference(data)}


def test_attested_training_data(tmp_path: Path, model: Path, train: Path, ci: Signer) -> None:
    code = tmp_path / "train.py"
    code.write_text("pass\n")
    placed = attest(model, ci, data=(str(train), f"more={ABSENT}"), code=(str(code),), base=(f"acme/base={ABSENT}",))
    bom = bom_of(model, configuration=settings(tmp_path, ci))
    assert [(d.name, d.role, d.digests) for d in bom.datasets] == [
        ("train.csv", "training", (identify(str(train)).digest,)),
        ("more", "training", (Digest("sha256", "cd" * 32),)),
    ]
    assert {d.origin for d in bom.datasets} == {f"m.safetensors.attestations/{placed.name}"}
    assert said(bom, bom.datasets[0])["violet:attested-by"] == "ci"
    assert {r.target for r in bom.relations if r.kind == "trained-on"} == {reference(d) for d in bom.datasets}
    (base,) = [part for part in bom.components if part.name == "acme/base"]
    assert base.hashes == (Digest("sha256", "cd" * 32),)
    assert any(r.kind == "derived-from" and r.target == reference(base) for r in bom.relations)
    assert any(p.name == "violet:training-code" and "train.py sha256:" in p.value for p in bom.properties)
    assert not bom.gaps


@pytest.mark.parametrize(
    ("fmt", "version"), [("cyclonedx", "1.6"), ("cyclonedx", "1.7"), ("spdx", "")], ids=["1.6", "1.7", "spdx"]
)
def test_documents_carry_it(tmp_path: Path, model: Path, train: Path, ci: Signer, fmt: str, version: str) -> None:
    attest(model, ci, data=(str(train),), base=(f"acme/base={ABSENT}",))
    described(train)
    (tmp_path / "other.csv").write_text("x,y\n1,2\n")
    described(tmp_path / "other.csv")
    bom = bom_of(model, configuration=settings(tmp_path, ci), training=(str(train),))
    text = render_document(bom, fmt, spec_version=version)
    if fmt == "cyclonedx":
        assert not cyclonedx_problem(text)
    else:
        spdx_objects(text)
    again = read_bom(text.encode())
    assert again is not None
    assert set(again.datasets) == set(bom.datasets)
    assert set(again.relations) == set(bom.relations)
    assert {d.role for d in again.datasets} == {"training", ""}


def test_what_is_not_believed_is_a_gap_and_nothing_else(tmp_path: Path, model: Path, train: Path, ci: Signer) -> None:
    placed = attest(model, ci, data=(str(train),))
    (tmp_path / "keys").mkdir()
    other = signer(tmp_path / "keys", "other")
    for trusted, code in (((), "unknown signer"), ((other,), "unknown signer")):
        bom = bom_of(model, configuration=settings(tmp_path, *trusted))
        assert not bom.datasets
        (gap,) = bom.gaps
        assert gap == f"m.safetensors.attestations/{placed.name}: what it says of the making is not believed ({code})"
    envelope = json.loads(placed.read_text())
    envelope["payload"] = envelope["payload"][:-8] + "AAAAAAA="
    placed.write_text(json.dumps(envelope))
    bom = bom_of(model, configuration=settings(tmp_path, ci))
    assert not bom.datasets
    assert "is not believed" in bom.gaps[0]
    assert not bom_of(model).gaps, "without a configuration attestations are not looked into"


def test_an_attestation_of_another_model_says_nothing_of_this_one(
    tmp_path: Path, model: Path, train: Path, ci: Signer
) -> None:
    attest(model, ci, data=(str(train),))
    safetensors_file(model, {"format": "pt"}, scale=2)
    bom = bom_of(model, configuration=settings(tmp_path, ci))
    assert not bom.datasets
    assert "(wrong subject)" in bom.gaps[0]


def test_stated_and_attested_data_stand_once(tmp_path: Path, model: Path, train: Path, ci: Signer) -> None:
    attest(model, ci, data=(f"the-data={identify(str(train)).digest}",))
    described(train)
    bom = bom_of(model, configuration=settings(tmp_path, ci), training=(str(train),), testing=(str(train),))
    first, second = bom.datasets
    assert (first.name, first.role, first.size) == ("the-data", "training", train.stat().st_size)
    assert (second.name, second.role) == ("train.csv", "testing")
    assert said(bom, first)["violet:also-named-by"] == "stated"
    assert said(bom, first)["violet:attested-by"] == "ci"
    for data in (first, second):
        assert said(bom, data)["violet:rows"] == "30"
        assert said(bom, data)["violet:columns"] == "age, label"
        assert said(bom, data)["violet:described-by"] == "train.csv.data.json"


def test_a_description_stands_for_data_that_are_not_at_hand(tmp_path: Path, model: Path, train: Path) -> None:
    place = described(train)
    whole = identify(str(train))
    train.unlink()
    bom = bom_of(model, training=(str(place),))
    assert bom.datasets == (Dataset("train.csv", "training", (whole.digest,), origin="stated", size=whole.size),)
    assert said(bom, bom.datasets[0])["violet:rows"] == "30"


def test_a_description_of_other_content_is_named_and_not_used(tmp_path: Path, model: Path, train: Path) -> None:
    described(train)
    train.write_text(train.read_text() + "31,1\n")
    bom = bom_of(model, training=(str(train),))
    assert bom.gaps == ("train.csv.data.json describes other data than train.csv has now",)
    assert not said(bom, bom.datasets[0])
    assert bom.datasets[0].digests == (identify(str(train)).digest,)


def test_descriptions_in_a_model_directory(tmp_path: Path, train: Path, ci: Signer) -> None:
    folder = tmp_path / "tiny"
    folder.mkdir()
    safetensors_file(folder / "model.safetensors", {"format": "pt"})
    described(train).rename(folder / "train.csv.data.json")
    (tmp_path / "loose.csv").write_text("x\n1\n")
    described(tmp_path / "loose.csv").rename(folder / "loose.csv.data.json")
    attest(folder, ci, data=(str(train),))
    bom = bom_of(folder, configuration=settings(tmp_path, ci))
    known, loose = bom.datasets
    assert (known.name, known.role) == ("train.csv", "training")
    assert said(bom, known)["violet:rows"] == "30"
    assert (loose.name, loose.role, loose.origin) == ("loose.csv", "", "loose.csv.data.json"), "no role is guessed"
    assert not any(r.target == reference(loose) for r in bom.relations)


def test_descriptions_that_lie(tmp_path: Path, model: Path, train: Path) -> None:
    place = described(train).rename(tmp_path / "train.csv.data.json")
    content = json.loads(place.read_text())
    for change in (
        {"digest": {"sha256": "zz"}},
        {"size": -1},
        {"size": 1 << 70},
        {"shards": [{}]},
        {"shards": "none"},
        {"version": 9},
        {"name": 5},
    ):
        place.write_text(json.dumps({**content, **change}))
        bom = bom_of(model)
        assert not bom.datasets, change
        assert "this description of a data set cannot be read" in bom.gaps[0], change
        with pytest.raises(VioletError, match="cannot be read"):
            bom_of(model, training=(str(place),))
    place.write_text(json.dumps({**content, "name": "x\x1b[2J" + "n" * 9000}))
    for bom in (bom_of(model), bom_of(model, training=(str(place),))):
        assert all(len(data.name) <= 404 and data.name.isprintable() for data in bom.datasets)
        assert bom.datasets


def test_a_description_of_the_model_itself_is_no_data_set(tmp_path: Path) -> None:
    """A model directory that was signed as a data set."""
    path = tmp_path / "m.npy"
    import numpy as np

    np.save(path, np.zeros(4, np.float32))
    described(path)
    (tmp_path / "again.data.json").write_bytes((tmp_path / "m.npy.data.json").read_bytes())
    assert not bom_of(path).datasets


def test_data_that_do_not_exist(model: Path) -> None:
    with pytest.raises(UsageError, match="does not exist"):
        bom_of(model, training=("absent.csv",))


def test_spdx_claims_the_dataset_profile_only_where_all_is_known(tmp_path: Path, model: Path, train: Path) -> None:
    terms = DataTerms("Example Ltd", "2026-01-02T03:04:05Z", "2026-02-03T04:05:06Z", "https://data.example.org/t.csv")

    def profiles(data: DataTerms) -> list[str]:
        bom = bom_of(model, training=(str(train),), data=data)
        text = render_document(bom, "spdx")
        spdx_objects(text)
        for version in ("1.6", "1.7"):
            assert not cyclonedx_problem(render_document(bom, "cyclonedx", spec_version=version))
        again = read_bom(text.encode())
        assert again is not None
        assert set(again.properties) == set(bom.properties)
        assert again.datasets == bom.datasets
        (top,) = [e for e in json.loads(text)["@graph"] if e["type"] == "SpdxDocument"]
        found: list[str] = top["profileConformance"]
        return found

    assert "dataset" in profiles(terms)
    for name in ("originator", "built", "released", "location"):
        assert "dataset" not in profiles(replace(terms, **{name: ""})), name
