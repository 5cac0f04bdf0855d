"""Artifacts and documents made to mislead: lying headers, hostile names, endless nesting, workers that lie."""

from __future__ import annotations

import json
import os
import pickle
import struct
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.corpus.torch_layout import Call, Global, _Storage, floats, legacy_checkpoint, state_dict, zip_checkpoint
from tests.provenance.bom import models
from tests.provenance.bom.models import bom_of
from tests.provenance.bom.validators import cyclonedx_problem, spdx_objects
from violet.domain import UsageError, VioletError
from violet.domain.bom import Basis, Bom
from violet.engine.sandbox import Death
from violet.provenance.bom import reader
from violet.provenance.bom.compare import compare
from violet.provenance.bom.merge import merge
from violet.provenance.bom.observation import FACTS, decode, encode
from violet.provenance.bom.reader import BomError, read_bom, read_bom_file
from violet.report import bom as report
from violet.services import bom as service
from violet.services.bom import BomOptions, make_bom, render_document


def measured(bom: Bom, fact: str) -> bool:
    return any(s.fact == fact and s.basis is Basis.MEASURED for s in bom.facts.sources)


# -- lying headers -----------------------------------------------------------------------------------


def safetensors(header: dict[str, Any], data: bytes = b"") -> bytes:
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


@pytest.mark.parametrize(
    ("header", "size"),
    [
        ({"a": {"dtype": "F32", "shape": [1000, 1000], "data_offsets": [0, 16]}}, 16),
        ({"a": {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]}}, 4),
        ({"a": {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]}, "b": {"dtype": "F32", "shape": [4],
          "data_offsets": [8, 24]}}, 24),
    ],
)  # fmt: skip
def test_a_header_that_contradicts_the_file_only_claims(tmp_path: Path, header: dict[str, Any], size: int) -> None:
    (tmp_path / "m.safetensors").write_bytes(safetensors(header, bytes(size)))
    bom = bom_of(tmp_path / "m.safetensors")
    assert bom.facts.parameters is None
    assert bom.facts.parameters_claimed
    assert not measured(bom, "parameters_claimed")
    assert bom.gaps


def test_a_torch_tensor_larger_than_its_storage_only_claims(tmp_path: Path) -> None:
    hooks = Call(Global("collections", "OrderedDict"), ())
    arguments = (_Storage(floats(4), 0), 0, (1 << 40,), (1,), False, hooks)
    content = {"w": Call(Global("torch._utils", "_rebuild_tensor_v2"), arguments)}
    (tmp_path / "m.pt").write_bytes(zip_checkpoint(content))
    bom = bom_of(tmp_path / "m.pt")
    assert (bom.facts.parameters, bom.facts.parameters_claimed) == (None, 1 << 40)
    assert any("does not fit its storage" in gap for gap in bom.gaps)


def test_an_onnx_dimension_below_zero_is_no_number_of_parameters(tmp_path: Path) -> None:
    import onnx
    from onnx import TensorProto, helper

    tensor = TensorProto(name="w", data_type=1, dims=[-1, 4])
    graph = helper.make_graph([], "g", [], [], [tensor])
    onnx.save(helper.make_model(graph), tmp_path / "m.onnx")
    bom = bom_of(tmp_path / "m.onnx")
    assert bom.facts.parameters is None
    assert any("more elements than can be" in gap for gap in bom.gaps)


@pytest.mark.parametrize("suffix", [".safetensors", ".gguf", ".onnx", ".pt", ".pkl"])
def test_a_file_that_is_cut_short_never_looks_counted(tmp_path: Path, suffix: str) -> None:
    whole = tmp_path / f"whole{suffix}"
    writers = {
        ".safetensors": models.safetensors_file,
        ".gguf": models.gguf_file,
        ".onnx": models.onnx_file,
        ".pt": models.torch_zip,
    }
    if suffix == ".pkl":
        models.pickled(whole, models.sklearn_pipeline())
    else:
        writers[suffix](whole)
    data = whole.read_bytes()
    for part in (0.1, 0.5, 0.9):
        path = tmp_path / f"cut{suffix}"
        path.write_bytes(data[: int(len(data) * part)])
        bom = bom_of(path)
        assert bom.facts.parameters is None
        assert not measured(bom, "architecture")
        assert bom.gaps or bom.subject.type == "file"


def test_a_pickle_that_would_run_is_described_and_not_run(tmp_path: Path) -> None:
    marker = tmp_path / "ran"
    payload = b"cos\nsystem\n(S'touch " + os.fsencode(marker) + b"'\ntR."
    (tmp_path / "m.pkl").write_bytes(payload)
    bom = bom_of(tmp_path / "m.pkl")
    assert not marker.exists()
    assert bom.subject.type == "file"

    class Evil:
        def __reduce__(self) -> tuple[Any, ...]:
            return (os.system, (f"touch {marker}",))

    pipeline = models.sklearn_pipeline()
    pipeline.extra_ = Evil()
    models.pickled(tmp_path / "n.pkl", pipeline)
    bom = bom_of(tmp_path / "n.pkl")
    assert not marker.exists()
    assert bom.facts.architecture == "sklearn.pipeline.Pipeline"


# -- hostile names -----------------------------------------------------------------------------------

NASTY = "\x1b[31m\u202eevil\ud800\n|`<b>&\0"


def test_hostile_texts_are_harmless_everywhere(tmp_path: Path) -> None:
    header = {"__metadata__": {"modelspec.architecture": NASTY, NASTY: NASTY, "modelspec.license": NASTY}}
    header["t"] = {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}  # type: ignore[dict-item]
    (tmp_path / "m.safetensors").write_bytes(safetensors(header, bytes(4)))
    bom = bom_of(tmp_path / "m.safetensors")
    assert bom.facts.parameters == 1
    for text in (report.console(bom), report.markdown(bom)):
        assert "\x1b" not in text
        assert "\u202e" not in text
        text.encode("utf-8")
    assert "<b>" not in report.markdown(bom).replace("\\<b\\>", "")
    for version in ("1.6", "1.7"):
        assert not cyclonedx_problem(render_document(bom, "cyclonedx", spec_version=version))
    spdx_objects(render_document(bom, "spdx"))


# -- documents ---------------------------------------------------------------------------------------


def document(**more: Any) -> bytes:
    return json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.6", **more}).encode()


def test_cycles_and_loops_are_only_data() -> None:
    loop = [
        {
            "type": "library",
            "name": "a",
            "bom-ref": "a",
            "components": [{"type": "library", "name": "b", "bom-ref": "b"}],
        },
        {"type": "library", "name": "c", "bom-ref": "c"},
    ]
    edges = [
        {"ref": "a", "dependsOn": ["b", "a"]},
        {"ref": "b", "dependsOn": ["c", "missing"]},
        {"ref": "c", "dependsOn": ["a"]},
    ]
    bom = read_bom(document(metadata={"component": {"type": "application", "name": "x", "bom-ref": "x"}},
                            components=loop, dependencies=edges))  # fmt: skip
    assert bom is not None
    assert len([r for r in bom.relations if r.kind == "depends-on"]) == 4
    again = read_bom(render_document(bom, "cyclonedx").encode())
    assert again is not None
    assert compare(bom, again).empty
    spdx_objects(render_document(bom, "spdx"))
    assert len(merge([bom, bom]).components) == 3


def test_two_parts_of_one_reference_are_told_apart() -> None:
    parts = [{"type": "library", "name": name, "bom-ref": "same"} for name in "ab"]
    bom = read_bom(document(components=parts))
    assert bom is not None
    assert {part.name for part in bom.components} == {"a", "b"}
    assert any("'same'" in gap for gap in bom.gaps)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b'{"bomFormat": "CycloneDX", "components": ' + b"[" * 5_000 + b"]" * 5_000 + b"}", "nested deeper"),
        (b'{"bomFormat": "CycloneDX", "bomFormat": "CycloneDX"}', "same key twice"),
        (b'{"bomFormat": "CycloneDX"', "not JSON"),
        (b'{"bomFormat": "CycloneDX", "x": "\xff"}', "UTF-8"),
        (b'{"bomFormat": "CycloneDX"}', "nothing that it is about"),
        (b'{"@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld", "@graph": []}', "nothing that it is about"),
        (b'{"spdxVersion": "SPDX-2.3"}', "SPDX 2"),
    ],
)
def test_broken_documents_are_refused_in_one_sentence(tmp_path: Path, content: bytes, why: str) -> None:
    path = tmp_path / "b.json"
    path.write_bytes(content)
    with pytest.raises(BomError, match=why) as caught:
        read_bom_file(str(path))
    assert caught.value.exit_code == 3
    assert "\n" not in caught.value.diagnostics()


def test_a_document_too_large_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "LARGEST", 100_000)
    path = tmp_path / "b.json"
    path.write_bytes(document(components=[{"type": "library", "name": "a" * 200_000}]))
    with pytest.raises(BomError, match="larger than 100,000 bytes"):
        read_bom_file(str(path))


KEYS = st.sampled_from(
    "type name version purl hashes alg content licenses license id expression components bom-ref dependencies ref"
    " dependsOn modelCard modelParameters datasets inputs format properties value pedigree ancestors metadata component"
    " evidence occurrences location line externalReferences url data contents scope supplier services endpoints"
    " @graph spdxId creationInfo from to relationshipType rootElement extension extension_cdxProperty"
    " extension_cdxPropName extension_cdxPropValue verifiedUsing algorithm hashValue software_primaryPurpose".split()
)
LEAVES = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8)
)
WORDS = st.sampled_from(
    "library data machine-learning-model software_Package ai_AIPackage Relationship dependsOn contains"
    " dataset_DatasetPackage software_Sbom SpdxDocument a b violet:parameters violet:source:task"
    " pkg:pypi/a@1 SHA-256".split()
)
JSON = st.recursive(
    LEAVES | WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS | st.text(max_size=4), inner, max_size=5),
    max_leaves=25,
)


@given(st.dictionaries(KEYS, JSON, max_size=8), st.booleans())
def test_any_json_is_read_or_refused(value: dict[str, Any], spdx: bool) -> None:
    if spdx:
        value["@context"] = "https://spdx.org/rdf/3.0.1/spdx-context.jsonld"
    else:
        value |= {"bomFormat": "CycloneDX", "specVersion": "1.6"}
    try:
        bom = read_bom(json.dumps(value).encode())
    except BomError:
        return
    assert bom is not None
    assert not cyclonedx_problem(render_document(bom, "cyclonedx"))
    assert compare(bom, bom).empty
    report.console(bom)
    merge([bom, bom])


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    try:
        assert read_bom(content) is None
    except BomError:
        return


# -- workers -----------------------------------------------------------------------------------------


@given(
    st.lists(
        st.tuples(st.sampled_from(sorted(FACTS)) | st.text(max_size=4), JSON, WORDS, st.text(max_size=4)), max_size=4
    )
)
def test_what_a_worker_sends_is_believed_only_in_form(rows: list[Any]) -> None:
    message = json.loads(json.dumps(["pickle", rows, []]))
    try:
        notes = decode(message)
    except ValueError:
        return
    assert decode(json.loads(json.dumps(encode(notes), default=lambda value: value.row()))) == notes


@pytest.mark.parametrize("answer", [None, 7, [], ["x", "y", "z"], ["x", [["parameters", -1, "measured", ""]], []],
                                    ["x", [["parameters", True, "measured", ""]], []],
                                    ["x", [["nonsense", "a", "measured", ""]], []],
                                    ["x", [["task", "a", "certain", ""]], []]])  # fmt: skip
def test_an_answer_of_another_form_is_a_gap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: object) -> None:
    models.torch_zip(tmp_path / "m.pt")
    monkeypatch.setattr(service, "run", lambda *_args, **_more: iter([(0, answer)]))
    bom = make_bom(BomOptions(str(tmp_path / "m.pt"), cache=False))
    assert any("is no answer" in gap for gap in bom.gaps)


def test_a_worker_that_dies_is_a_gap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    models.torch_zip(tmp_path / "m.pt")
    death = Death("time", "gave no answer within 1 s")
    monkeypatch.setattr(service, "run", lambda *_args, **_more: iter([(0, death)]))
    bom = make_bom(BomOptions(str(tmp_path / "m.pt"), cache=False))
    assert any("the process that read it gave no answer within 1 s" in gap for gap in bom.gaps)
    assert bom.facts.parameters is None


def test_views_of_one_storage_do_not_count_again(tmp_path: Path) -> None:
    import torch

    whole = torch.arange(100.0)
    value = {f"v{n}": whole[:n].reshape(1, n) for n in range(1, 101)} | {"t": whole.reshape(10, 10).T, "own": whole + 1}
    torch.save(value, tmp_path / "m.pt")
    bom = bom_of(tmp_path / "m.pt")
    assert bom.facts.parameters == 200
    assert measured(bom, "parameters")
    assert bom.facts.tensors == 102


def test_initialisers_whose_values_are_not_in_the_file_only_claim(tmp_path: Path) -> None:
    import numpy as np
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    def model(*tensors: Any) -> Path:
        node = helper.make_node("Identity", ["x"], ["y"])
        info = [helper.make_tensor_value_info(n, TensorProto.FLOAT, [1]) for n in ("x", "y")]
        graph = helper.make_graph([node], "g", info[:1], info[1:], initializer=list(tensors))
        path = tmp_path / "m.onnx"
        path.write_bytes(helper.make_model(graph).SerializeToString())
        return path

    kinds = (np.float32, np.float16, np.float64, np.int8, np.uint16, np.int64, np.bool_, np.complex64)
    sound = [numpy_helper.from_array(np.ones((2, 3), kind), np.dtype(kind).name) for kind in kinds]
    sound += [helper.make_tensor(f"typed{n}", n, [5], [0] * 5) for n in (1, 3, 6, 7, 9, 10, 11, 13, 14, 16, 22)]
    sound += [helper.make_tensor("none", 1, [0], []), helper.make_tensor("text", 8, [2], [b"a", b"b"])]
    for tensor in sound:
        bom = bom_of(model(tensor))
        assert bom.facts.parameters is not None, tensor.name
        assert measured(bom, "parameters"), tensor.name
    lying = numpy_helper.from_array(np.ones(4, np.float32), "lying")
    lying.dims[0] = 1_000_000
    typed = helper.make_tensor("typed", 1, [5], [0.0] * 5)
    typed.dims[0] = 7
    far = onnx.TensorProto(name="far", data_type=1, dims=[10], data_location=onnx.TensorProto.EXTERNAL)
    far.external_data.add(key="location", value="m.data")
    for tensor in (lying, typed, far):
        bom = bom_of(model(sound[0], tensor))
        assert bom.facts.parameters is None, tensor.name
        assert bom.facts.parameters_claimed == 6 + tensor.dims[0]
        assert any("not in this file" in gap for gap in bom.gaps)


def test_pipes_in_an_environment_are_not_opened(tmp_path: Path) -> None:
    site = tmp_path / "lib" / "python3.11" / "site-packages"
    for name, content in (("good", "Name: good\nVersion: 1.0?x=y\n"), ("bad", "")):
        info = site / f"{name}-1.0.dist-info"
        info.mkdir(parents=True)
        if content:
            (info / "METADATA").write_text(content)
        else:
            os.mkfifo(info / "METADATA")
        os.mkfifo(info / "RECORD")
    (part,) = make_bom(BomOptions(environment=str(tmp_path))).components
    assert part.purl == "pkg:pypi/good@1.0%3Fx%3Dy"


def test_a_data_set_does_not_hide_another_of_its_name() -> None:
    from violet.domain import Digest
    from violet.domain.bom import Dataset
    from violet.domain.component import Component

    def bill(*digests: str) -> Bom:
        data = tuple(Dataset("train.csv", "training", (Digest("sha256", digest * 64),)) for digest in digests)
        return Bom(Component("m"), datasets=data)

    assert compare(bill("a", "b"), bill("a", "b")).empty
    assert compare(bill("b", "a"), bill("a", "b")).empty
    (change,) = compare(bill("a", "b"), bill("c", "b")).datasets
    assert change.kind == "changed"


def test_old_checkpoints_without_their_storages_only_claim(tmp_path: Path) -> None:
    """The pickle names storages of any size; that the file holds them is another matter."""
    whole = legacy_checkpoint(state_dict(a=floats(1000), b=floats(10, 10)))
    path = tmp_path / "m.pt"
    path.write_bytes(whole)
    assert measured(bom_of(path), "parameters")
    for cut in (whole[:-1000], whole[:-4300]):
        path.write_bytes(cut)
        bom = bom_of(path)
        assert (bom.facts.parameters, bom.facts.parameters_claimed) == (None, 1100)
        assert any("no room" in gap for gap in bom.gaps)


def test_a_bare_pickle_of_tensors_holds_no_tensor(tmp_path: Path) -> None:
    import zipfile

    models.torch_zip(tmp_path / "m.pt")
    with zipfile.ZipFile(tmp_path / "m.pt") as archive:
        name = next(name for name in archive.namelist() if name.endswith("data.pkl"))
        (tmp_path / "data.pkl").write_bytes(archive.read(name))
    bom = bom_of(tmp_path / "data.pkl")
    assert bom.facts.parameters is None
    assert bom.facts.parameters_claimed


def test_arrays_whose_bytes_do_not_fit_their_shape_are_not_counted(tmp_path: Path) -> None:
    import numpy as np

    fitted = models.sklearn_pipeline()
    path = tmp_path / "m.pkl"
    models.pickled(path, fitted)
    good = bom_of(path)
    assert sum(number for _, number in good.facts.dtypes)
    fitted[-1].coef_ = np.zeros((3, 5))
    content = pickle.dumps(fitted, 2)
    assert content.count(b"K\x03K\x05\x86") == 1
    path.write_bytes(content.replace(b"K\x03K\x05\x86", b"K\xffK\xff\x86"))
    counted = sum(number for _, number in bom_of(path).facts.dtypes)
    assert 0 < counted < 255 * 255


def test_numbers_that_nothing_can_hold(tmp_path: Path) -> None:
    side = (1 << 62) - 1
    header = {"a": {"dtype": "F32", "shape": [side, side], "data_offsets": [0, 0]}}
    (tmp_path / "m.safetensors").write_bytes(safetensors(header))
    bom = bom_of(tmp_path / "m.safetensors")
    assert bom.facts.format == "safetensors"
    assert bom.facts.parameters is None
    assert any("no file can hold" in gap for gap in bom.gaps)


# -- the file system ---------------------------------------------------------------------------------


def test_another_file_between_hashing_and_reading_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The digest of one file must not stand beside the facts of another."""
    from violet.provenance import identity

    for form in ("file", "folder"):
        folder = tmp_path / form
        folder.mkdir()
        path = folder / "m.safetensors"
        models.safetensors_file(path, {"format": "pt"})
        models.safetensors_file(tmp_path / "other.safetensors", {"format": "pt"}, scale=2)
        real = identity.identify

        def swapped(*arguments: Any, path: Path = path, real: Any = real, **more: Any) -> Any:
            found = real(*arguments, **more)
            path.unlink()
            path.symlink_to(tmp_path / "other.safetensors")
            return found

        monkeypatch.setattr(identity, "identify", swapped)
        with pytest.raises(VioletError, match="changed while it was read"):
            bom_of(path if form == "file" else folder)
        monkeypatch.setattr(identity, "identify", real)


def test_pipes_and_links_beside_are_not_read(tmp_path: Path) -> None:
    models.torch_zip(tmp_path / "m.pt")
    (tmp_path / "m.pt.attestations").mkdir()
    os.mkfifo(tmp_path / "m.pt.attestations" / "a.dsse.json")
    (tmp_path / "m.pt.attestations" / "b.dsse.json").symlink_to("/dev/zero")
    (tmp_path / "m.pt.sig").symlink_to("/dev/zero")
    os.mkfifo(tmp_path / "x.data.json")
    assert not bom_of(tmp_path / "m.pt").references


def test_what_changes_while_it_is_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "m.pkl"
    path.write_bytes(pickle.dumps([1]))
    real = service._read_all

    def meddling(*arguments: Any) -> Any:
        path.write_bytes(pickle.dumps([2, 3]))
        return real(*arguments)

    monkeypatch.setattr(service, "_read_all", meddling)
    with pytest.raises(VioletError, match="changed while it was read"):
        bom_of(path)


def test_what_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="does not exist"):
        bom_of(tmp_path / "absent")
    models.torch_zip(tmp_path / "m.pt")
    with pytest.raises(UsageError, match="The data set"):
        bom_of(tmp_path / "m.pt", training=(str(tmp_path / "absent.csv"),))
    with pytest.raises(UsageError, match="no Python environment"):
        make_bom(BomOptions(environment=str(tmp_path)))
    with pytest.raises(UsageError, match="nothing to make a bill of"):
        make_bom(BomOptions())


def test_a_link_out_of_the_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "secret").write_text("x")
    (tmp_path / "model" / "weights.bin").symlink_to(tmp_path / "secret")
    with pytest.raises(VioletError, match="symbolic link"):
        bom_of(tmp_path / "model")
