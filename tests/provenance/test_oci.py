"""The image layout is one by the specification's rules, and what it holds is verified like anything else."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.provenance.attesting import NOW, Signer, identity, leave, signer
from violet.domain import Digest, UsageError, VioletError
from violet.domain.provenance import FileDigest, Identity
from violet.provenance.evidence import collect
from violet.provenance.oci import ATTESTATION, ENVELOPE, MANIFEST, MODEL, OciStore, create, is_layout
from violet.provenance.statement import PREDICATES
from violet.provenance.stores import DirectoryStore

MODEL_DIRECTORY = Identity(
    "model",
    Digest("dirHash", "ee" * 32),
    7,
    (FileDigest("a.bin", 3, Digest("sha256", "aa" * 32)), FileDigest("sub/b.bin", 4, Digest("sha256", "bb" * 32))),
)


@pytest.fixture(scope="module")
def ci(tmp_path_factory: pytest.TempPathFactory) -> Signer:
    return signer(tmp_path_factory.mktemp("keys"), "ci")


@pytest.fixture
def layout(tmp_path: Path, ci: Signer) -> Path:
    """Two attestations of a directory, exported."""
    store = DirectoryStore(str(tmp_path / "model.attestations"))
    leave(store, MODEL_DIRECTORY, ci)
    leave(store, MODEL_DIRECTORY, ci, kind="vex", predicate={"a": 1})
    written = create(str(tmp_path / "layout"))
    kinds = {"test-result": PREDICATES["test-result"], "vex": PREDICATES["vex"]}
    envelopes = [(kinds[Path(s.path).name.rsplit("-", 2)[0]], s.content) for s in store.entries()]
    assert len(written.add(MODEL_DIRECTORY, envelopes)) == 2
    return tmp_path / "layout"


def load(path: Path) -> Any:
    return json.loads(path.read_bytes())


def blob(layout: Path, descriptor: dict[str, Any]) -> bytes:
    algorithm, _, value = descriptor["digest"].partition(":")
    content = (layout / "blobs" / algorithm / value).read_bytes()
    assert len(content) == descriptor["size"]
    assert hashlib.sha256(content).hexdigest() == value
    return content


def test_the_layout_is_as_specified(layout: Path) -> None:
    assert load(layout / "oci-layout") == {"imageLayoutVersion": "1.0.0"}
    index = load(layout / "index.json")
    assert index["schemaVersion"] == 2
    assert index["mediaType"] == "application/vnd.oci.image.index.v1+json"
    by_type: dict[str, list[dict[str, Any]]] = {}
    for descriptor in index["manifests"]:
        manifest = json.loads(blob(layout, descriptor))
        assert descriptor["mediaType"] == manifest["mediaType"] == MANIFEST
        assert descriptor["artifactType"] == manifest["artifactType"]
        assert blob(layout, manifest["config"]) == b"{}"
        assert manifest["config"]["mediaType"] == "application/vnd.oci.empty.v1+json"
        by_type.setdefault(manifest["artifactType"], []).append({"descriptor": descriptor, "manifest": manifest})
    (model,) = by_type[MODEL]
    assert [layer["annotations"]["org.opencontainers.image.title"] for layer in model["manifest"]["layers"]] == [
        "a.bin",
        "sub/b.bin",
    ]
    assert [layer["digest"] for layer in model["manifest"]["layers"]] == ["sha256:" + "aa" * 32, "sha256:" + "bb" * 32]
    assert len(by_type[ATTESTATION]) == 2
    for entry in by_type[ATTESTATION]:
        assert entry["manifest"]["subject"]["digest"] == model["descriptor"]["digest"]
        (layer,) = entry["manifest"]["layers"]
        assert layer["mediaType"] == ENVELOPE
        assert json.loads(blob(layout, layer))["payloadType"] == "application/vnd.in-toto+json"
        assert entry["manifest"]["annotations"]["in-toto.io/predicate-type"] in PREDICATES.values()
    found = OciStore(str(layout)).referrers(Digest("sha256", model["descriptor"]["digest"].partition(":")[2]))
    assert [entry["digest"] for entry in found] == [e["descriptor"]["digest"] for e in by_type[ATTESTATION]]
    assert all(re.fullmatch("[0-9a-f]{64}", path.name) for path in (layout / "blobs" / "sha256").iterdir())


def test_read_back(layout: Path, ci: Signer) -> None:
    assert is_layout(str(layout))
    evidence = collect(MODEL_DIRECTORY, [OciStore(str(layout))], [ci.trusted()], now=NOW)
    assert len(evidence.attestations) == 2
    assert evidence.refused == ()
    assert collect(identity(), [OciStore(str(layout))], [ci.trusted()], now=NOW).attestations == ()


def test_exporting_again_adds_nothing(layout: Path) -> None:
    before = sorted(path.name for path in (layout / "blobs" / "sha256").iterdir())
    store = create(str(layout))
    envelopes = [(PREDICATES["vex"], s.content) for s in store.entries()][:1]
    index = load(layout / "index.json")
    kind = json.loads(blob(layout, index["manifests"][1]))["annotations"]["in-toto.io/predicate-type"]
    store.add(MODEL_DIRECTORY, [(kind, envelopes[0][1])])
    assert sorted(path.name for path in (layout / "blobs" / "sha256").iterdir()) == before
    assert load(layout / "index.json") == index


def test_a_store_to_write_to(tmp_path: Path, ci: Signer) -> None:
    store = create(str(tmp_path / "new"))
    leave(store, identity(), ci)  # type: ignore[arg-type]
    leave(store, identity("another"), ci)  # type: ignore[arg-type]
    assert len(collect(identity(), [store], [ci.trusted()], now=NOW).attestations) == 1


def test_a_changed_blob_is_refused(layout: Path, ci: Signer) -> None:
    store = OciStore(str(layout))
    first = next(store.entries())
    Path(first.path).write_bytes(first.content.replace(b"sig", b"gis"))
    evidence = collect(MODEL_DIRECTORY, [store], [ci.trusted()], now=NOW)
    assert len(evidence.attestations) == 1
    assert [r.code for r in evidence.refused] == ["malformed"]
    assert "not what the manifest says" in evidence.refused[0].reason


def test_a_missing_blob_is_refused(layout: Path, ci: Signer) -> None:
    store = OciStore(str(layout))
    Path(next(store.entries()).path).unlink()
    assert [r.code for r in collect(MODEL_DIRECTORY, [store], [ci.trusted()], now=NOW).refused] == ["malformed"]


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{", b"{}", b'{"manifests":{}}', b"\xff", b'{"manifests":1,"manifests":2}']
)
def test_an_index_that_is_none(layout: Path, content: bytes) -> None:
    (layout / "index.json").write_bytes(content)
    with pytest.raises(VioletError, match="no OCI index"):
        list(OciStore(str(layout)).entries())


@pytest.mark.parametrize(
    "manifests",
    [
        [1, None, {}, {"digest": 3}, {"digest": "sha256:../../x"}, {"digest": "md5:00"}],
        [{"digest": "sha256:" + "00" * 32}],
    ],
)
def test_descriptors_that_lead_nowhere_are_passed_over(layout: Path, manifests: list[Any]) -> None:
    (layout / "index.json").write_text(json.dumps({"manifests": manifests}))
    assert list(OciStore(str(layout)).entries()) == []


def test_a_loop_of_indexes_ends(layout: Path) -> None:
    store = OciStore(str(layout))
    inner = store.write_blob(b'{"manifests":[]}')
    for _ in range(20):
        entry = {"digest": str(inner)}
        inner = store.write_blob(json.dumps({"manifests": [entry, entry]}).encode())
    (layout / "index.json").write_text(json.dumps({"manifests": [{"digest": str(inner)}] * 3}))
    assert list(store.entries()) == []


@given(content=st.binary(max_size=120))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_as_an_index(layout: Path, content: bytes) -> None:
    (layout / "index.json").write_bytes(content)
    with pytest.raises(VioletError):
        list(OciStore(str(layout)).entries())


def test_another_directory_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(UsageError, match="not empty"):
        create(str(tmp_path))
