"""Facts are what the libraries themselves say of the models that they wrote."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import joblib
import numpy as np
import pytest

from tests.corpus.torch_layout import Call, Global, Tensor, _Storage, floats, state_dict, zip_checkpoint
from tests.provenance.bom import models
from tests.provenance.bom.models import bom_of
from tests.provenance.bom.validators import cyclonedx_problem
from violet.domain.bom import Basis, Bom, ModelFacts
from violet.intel.packages import parse_purl
from violet.services.bom import render_document


def basis(facts: ModelFacts, name: str) -> set[Basis]:
    return {source.basis for source in facts.sources if source.fact == name}


@pytest.mark.parametrize(
    ("write", "suffix", "form", "tensors"),
    [
        (models.safetensors_file, ".safetensors", "safetensors", 3),
        (models.gguf_file, ".gguf", "gguf", 2),
        (models.onnx_file, ".onnx", "onnx", 2),
        (models.torch_zip, ".pt", "torch_zip", 4),
        (models.torch_legacy, ".pt", "torch_legacy", 4),
    ],
)
def test_parameters_are_those_that_the_library_counts(
    tmp_path: Path, write: object, suffix: str, form: str, tensors: int
) -> None:
    path = tmp_path / f"model{suffix}"
    elements = write(path)  # type: ignore[operator]
    facts = bom_of(path).facts
    assert facts.parameters == elements
    assert facts.tensors == tensors
    assert sum(number for _, number in facts.dtypes) == elements
    assert facts.format == form
    assert basis(facts, "parameters") == {Basis.MEASURED}
    assert all(source.origin.startswith(path.name) for source in facts.sources)


def test_safetensors_types_and_metadata(tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    models.safetensors_file(path, {"format": "pt", "modelspec.license": "mit", "modelspec.title": "Tiny", "note": "n"})
    bom = bom_of(path)
    assert bom.facts.dtypes == (("F16", 15), ("F32", 44))
    assert bom.facts.framework == "PyTorch"
    assert bom.facts.licenses == bom.subject.licenses == ("MIT",)
    assert ("violet:safetensors:note", "n") in {(p.name, p.value) for p in bom.properties}


def test_gguf(tmp_path: Path) -> None:
    path = tmp_path / "m.gguf"
    models.gguf_file(path)
    bom = bom_of(path)
    facts = bom.facts
    assert (facts.family, facts.quantisation, facts.tokenizer) == ("llama", "Q8_0", "gpt2, 3 tokens")
    assert facts.licenses == ("Apache-2.0",)
    assert facts.languages == ("de", "en")
    assert facts.version == bom.subject.version == "2.1"
    assert facts.producer == "Example"
    assert dict(facts.hyperparameters)["context_length"] == "128"
    assert facts.base_models == ("https://huggingface.co/example/base",)
    base = next(part for part in bom.components if part.type == "machine-learning-model")
    assert (base.name, base.purl) == ("example/base", "pkg:huggingface/example/base")


def test_onnx_signature(tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    models.onnx_file(path)
    facts = bom_of(path).facts
    assert [str(spec) for spec in facts.inputs] == ["x: float32[batch, 4]"]
    assert [str(spec) for spec in facts.outputs] == ["y: float32[batch, 3]"]
    assert (facts.framework, facts.framework_version) == ("ONNX", "IR 10, opset 17")
    assert facts.producer == "pytorch 2.9"
    assert facts.classes == ("Add", "MatMul")


def test_onnx_quantisation_is_seen_in_the_operators(tmp_path: Path) -> None:
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    weights = [
        numpy_helper.from_array(np.zeros((4, 3), np.int8), "w"),
        numpy_helper.from_array(np.float32(0.1), "scale"),
    ]
    graph = helper.make_graph(
        [
            helper.make_node("DequantizeLinear", ["w", "scale"], ["f"]),
            helper.make_node("MatMul", ["x", "f"], ["y"]),
        ],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 4])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 3])],
        weights,
    )
    path = tmp_path / "q.onnx"
    onnx.save(helper.make_model(graph), path)
    assert bom_of(path).facts.quantisation == "int8 (DequantizeLinear)"


@pytest.fixture(scope="module")
def pipeline_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import skops.io

    folder = tmp_path_factory.mktemp("pipeline")
    pipeline = models.sklearn_pipeline()
    for protocol in (2, 4, 5):
        models.pickled(folder / f"p{protocol}.pkl", pipeline, protocol)
    joblib.dump(pipeline, folder / "plain.joblib")
    joblib.dump(pipeline, folder / "packed.joblib", compress=3)
    skops.io.dump(pipeline, folder / "model.skops")
    return folder


@pytest.mark.parametrize("name", ["p2.pkl", "p4.pkl", "p5.pkl", "plain.joblib", "packed.joblib", "model.skops"])
def test_scikit_learn(pipeline_files: Path, name: str) -> None:
    import sklearn

    bom = bom_of(pipeline_files / name)
    facts = bom.facts
    assert facts.framework == "scikit-learn"
    assert facts.framework_version == sklearn.__version__
    assert facts.architecture == "sklearn.pipeline.Pipeline"
    assert set(facts.classes) == {
        "sklearn.linear_model.LogisticRegression",
        "sklearn.pipeline.Pipeline",
        "sklearn.preprocessing.StandardScaler",
    }
    assert (facts.task, facts.approach, facts.family) == ("classification", "supervised", "linear model")
    assert ("scikit-learn", sklearn.__version__) in {(part.name, part.version) for part in bom.components}
    assert any(name.endswith("C") and value == "3.0" for name, value in facts.hyperparameters)
    if not name.endswith(".skops"):
        assert [spec.name for spec in facts.inputs] == ["age", "income", "height"]
        assert ("violet:labels", "no, yes") in {(p.name, p.value) for p in bom.properties}
    assert not bom.gaps


def test_joblib_arrays_are_counted_by_type(pipeline_files: Path) -> None:
    """Means, variances and scales of three features, coefficients and intercept: 13 numbers, and a count."""
    numbers = dict(bom_of(pipeline_files / "plain.joblib").facts.dtypes)
    assert numbers["float64"] == 3 * 3 + 3 + 1
    assert numbers == dict(bom_of(pipeline_files / "p4.pkl").facts.dtypes)


def test_torch_counts_the_model_and_not_its_training(tmp_path: Path) -> None:
    content = {
        "state_dict": state_dict(**models.STATE),
        "optimizer": {"exp_avg": floats(8, 4), "exp_avg_sq": floats(8, 4)},
        "epoch": 3,
        "hyper_parameters": {"lr": 0.001, "layers": 2},
        "pytorch-lightning_version": "2.5.0",
    }
    path = tmp_path / "last.ckpt"
    path.write_bytes(zip_checkpoint(content))
    bom = bom_of(path)
    assert bom.facts.parameters == models.STATE_ELEMENTS
    assert ("violet:torch:not-the-model", "2 tensors, 64 elements") in {(p.name, p.value) for p in bom.properties}
    assert dict(bom.facts.hyperparameters) == {"lr": "0.001", "layers": "2"}
    assert ("lightning", "2.5.0") in {(part.name, part.version) for part in bom.components}


def test_torch_tensors_on_one_storage_count_once(tmp_path: Path) -> None:
    storage = _Storage(floats(5, 4), 0)
    hooks = Call(Global("collections", "OrderedDict"), ())
    arguments = (storage, 0, (5, 4), (4, 1), False, hooks)
    tied = [Call(Global("torch._utils", "_rebuild_tensor_v2"), arguments) for _ in range(2)]
    path = tmp_path / "tied.pt"
    path.write_bytes(_with_storage(zip_checkpoint({"embed.weight": tied[0], "head.weight": tied[1]}), floats(5, 4)))
    facts = bom_of(path).facts
    assert (facts.parameters, facts.tensors) == (20, 1)
    assert basis(facts, "parameters") == {Basis.MEASURED}


def _with_storage(archive: bytes, tensor: Tensor) -> bytes:
    """The checkpoint with one more storage in it."""
    held = io.BytesIO(archive)
    with zipfile.ZipFile(held, "a", zipfile.ZIP_STORED) as opened:
        opened.writestr("archive/data/0", tensor.raw())
    return held.getvalue()


def test_a_large_state_dict_is_counted_in_full(tmp_path: Path) -> None:
    path = tmp_path / "many.pt"
    path.write_bytes(zip_checkpoint({f"layer.{number}": floats(2) for number in range(5_000)}))
    facts = bom_of(path).facts
    assert (facts.tensors, facts.parameters) == (5_000, 10_000)


def test_numpy(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", weights=np.zeros((3, 2)), steps=np.zeros(4, np.int8))
    facts = bom_of(tmp_path / "a.npz").facts
    assert facts.dtypes == (("float64", 6), ("int8", 4))
    assert facts.framework == "NumPy"


def test_boosted_trees(tmp_path: Path) -> None:
    import lightgbm
    import xgboost

    data, labels = np.random.default_rng(1).random((40, 3)), np.arange(40) % 2
    booster = xgboost.XGBClassifier(n_estimators=3).fit(data, labels)
    booster.save_model(tmp_path / "x.json")
    facts = bom_of(tmp_path / "x.json").facts
    assert (facts.framework, facts.framework_version) == ("XGBoost", xgboost.__version__)
    assert (facts.task, dict(facts.hyperparameters)["objective"]) == ("classification", "binary:logistic")
    lightgbm.LGBMRegressor(n_estimators=2, verbose=-1).fit(data, labels).booster_.save_model(tmp_path / "l.txt")
    facts = bom_of(tmp_path / "l.txt").facts
    assert (facts.framework, facts.task, facts.family) == ("LightGBM", "regression", "boosted trees")
    assert [spec.name for spec in facts.inputs] == ["Column_0", "Column_1", "Column_2"]


def test_hugging_face_directory(tmp_path: Path) -> None:
    elements = models.hugging_face(tmp_path / "tiny")
    bom = bom_of(tmp_path / "tiny")
    facts = bom.facts
    assert (facts.parameters, facts.format) == (elements, "safetensors")
    assert (facts.architecture, facts.family) == ("BertForSequenceClassification", "bert")
    assert basis(facts, "architecture") == {Basis.CLAIMED}
    assert facts.task == "text-classification"
    assert facts.licenses == ("Apache-2.0",)
    assert facts.languages == ("en", "fr")
    assert facts.tokenizer == "WordPiece, 2 tokens; BertTokenizer"
    assert [(m.name, m.value, m.dataset) for m in facts.metrics] == [("accuracy", "0.91", "GLUE SST-2")]
    assert {(d.name, d.role) for d in bom.datasets} == {
        ("squad", "training"), ("glue", "training"), ("GLUE SST-2", "testing")
    }  # fmt: skip
    assert {kind for kind, _ in facts.considerations} == {"use-cases", "ethics", "training"}
    assert {part.name for part in bom.components if part.type == "file"} == {
        "README.md", "config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"
    }  # fmt: skip


def test_shards_are_summed_and_copies_are_not(tmp_path: Path) -> None:
    first = models.safetensors_file(tmp_path / "model-00001-of-00002.safetensors")
    second = models.safetensors_file(tmp_path / "model-00002-of-00002.safetensors", scale=2)
    models.torch_zip(tmp_path / "pytorch_model.bin")
    total = first + second
    index = {"metadata": {"total_parameters": total + 1}, "weight_map": {"a": "model-00001-of-00002.safetensors"}}
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps(index))
    bom = bom_of(tmp_path)
    assert bom.facts.parameters == total
    assert bom.facts.parameters_claimed == total + 1
    assert any(f"{total:,} are in the tensors, but {total + 1:,} are claimed" in c for c in bom.conflicts)
    others = dict(bom.models)
    assert [facts.parameters for facts in others.values()] == [models.STATE_ELEMENTS]


def test_models_below_a_directory_are_parts(tmp_path: Path) -> None:
    (tmp_path / "model_index.json").write_text(
        json.dumps({"_class_name": "TinyPipeline", "_diffusers_version": "0.35.0", "unet": ["diffusers", "UNet"]})
    )
    for name, scale in (("unet", 1), ("vae", 3)):
        (tmp_path / name).mkdir()
        models.safetensors_file(tmp_path / name / "model.safetensors", scale=scale)
    bom = bom_of(tmp_path)
    assert bom.facts.architecture == "TinyPipeline"
    assert bom.facts.parameters is None
    assert sorted(facts.parameters or 0 for _, facts in bom.models) == [59, 147]
    assert ("diffusers", "0.35.0") in {(part.name, part.version) for part in bom.components}


def test_adapter(tmp_path: Path) -> None:
    config = {"peft_type": "LORA", "base_model_name_or_path": "example/base", "r": 8, "task_type": "CAUSAL_LM"}
    (tmp_path / "adapter_config.json").write_text(json.dumps(config))
    models.safetensors_file(tmp_path / "adapter_model.safetensors")
    bom = bom_of(tmp_path)
    assert (bom.facts.family, bom.facts.architecture, bom.facts.task) == ("adapter", "LORA", "causal-lm")
    assert bom.facts.base_models == ("example/base",)
    assert any(relation.kind == "derived-from" for relation in bom.relations)


def test_mlflow_model(tmp_path: Path) -> None:
    import mlflow
    import sklearn
    from mlflow.models import infer_signature
    from sklearn.linear_model import LogisticRegression

    data, labels = np.random.default_rng(1).random((40, 3)), np.arange(40) % 2
    model = LogisticRegression().fit(data, labels)
    folder = tmp_path / "model"
    mlflow.sklearn.save_model(
        model, folder, signature=infer_signature(data, model.predict(data)), serialization_format="cloudpickle"
    )
    bom = bom_of(folder)
    assert (bom.facts.framework, bom.facts.framework_version) == ("scikit-learn", sklearn.__version__)
    assert bom.facts.architecture == "sklearn.linear_model.LogisticRegression"
    assert any(spec.shape == ("?", "3") for spec in bom.facts.inputs)
    versions = {part.name: part.version for part in bom.components}
    assert versions["scikit-learn"] == sklearn.__version__
    assert versions["mlflow"] == mlflow.__version__
    assert bom.facts.created


def test_dependencies_of_a_project(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nname = "service"\nversion = "1"\ndependencies = ["torch>=2.6", "numpy"]\n'
        '[dependency-groups]\ntest = ["pytest>=8"]\n'
    )
    (tmp_path / "requirements.txt").write_text("numpy==2.1.0\ntorch==2.5.1 --hash=sha256:" + "a" * 64 + "\n")
    (tmp_path / "models").mkdir()
    models.safetensors_file(tmp_path / "models" / "m.safetensors")
    (tmp_path / ".venv" / "lib").mkdir(parents=True)
    (tmp_path / ".venv" / "lib" / "requirements.txt").write_text("evil==1\n")
    bom = bom_of(tmp_path)
    assert (bom.subject.type, bom.subject.name) == ("application", "service")
    packages = {part.name: part for part in bom.components if part.ecosystem == "PyPI"}
    assert set(packages) == {"torch", "numpy", "pytest"}
    assert packages["numpy"].version == "2.1.0"
    assert packages["torch"].hashes[0].value == "a" * 64
    assert packages["torch"].origin == "requirements.txt:2"
    assert any("asks for >=2.6, but requirements.txt:2 has 2.5.1" in conflict for conflict in bom.conflicts)
    assert any(p.name == "violet:scope" and p.value == "test" for p in bom.properties)
    assert [facts.format for _, facts in bom.models] == ["safetensors"]


def test_lock_file_gives_versions_and_digests(tmp_path: Path) -> None:
    digest = "b" * 64
    (tmp_path / "uv.lock").write_text(
        'version = 1\nrequires-python = ">=3.11"\n\n[[package]]\nname = "numpy"\nversion = "2.1.0"\n'
        'source = { registry = "https://example.org/simple" }\n'
        f'wheels = [{{ url = "https://example.org/numpy.whl", hash = "sha256:{digest}", size = 1 }}]\n'
    )
    bom = bom_of(tmp_path)
    assert [(p.name, p.version, p.hashes[0].value) for p in bom.components if p.ecosystem] == [
        ("numpy", "2.1.0", digest)
    ]


def test_environment_is_read_from_its_metadata() -> None:
    from importlib.metadata import distributions, version

    from violet.services.bom import BomOptions, make_bom

    bom = make_bom(BomOptions(environment="."))
    found = {part.name: part for part in bom.components}
    assert found["numpy"].version == version("numpy")
    assert "BSD-3-Clause" in found["numpy"].licenses[0]
    installed = {d.metadata["Name"].lower().replace("_", "-").replace(".", "-") for d in distributions()}
    assert set(found) <= installed
    assert len(found) > 50
    import hashlib
    from importlib.metadata import distribution

    record = Path(str(distribution("numpy").locate_file(f"numpy-{version('numpy')}.dist-info"))) / "RECORD"
    digests = {p.part: p.value for p in bom.properties if p.name == "violet:record-sha256"}
    assert digests["pkg:pypi/numpy@" + version("numpy")] == hashlib.sha256(record.read_bytes()).hexdigest()


def test_stated_facts_and_data_sets(tmp_path: Path) -> None:
    import hashlib

    models.safetensors_file(tmp_path / "m.safetensors")
    (tmp_path / "train.csv").write_text("a,b\n1,2\n")
    bom = bom_of(
        tmp_path / "m.safetensors",
        training=(str(tmp_path / "train.csv"),),
        supplier="Example",
        version="3",
        licenses=("mit",),
    )
    data = bom.datasets[0]
    assert data.digests[0].value == hashlib.sha256(b"a,b\n1,2\n").hexdigest()
    assert (bom.subject.version, bom.facts.producer, bom.subject.licenses) == ("3", "Example", ("MIT",))
    stated = {s.fact: s.origin for s in bom.facts.sources if s.origin.startswith("--")}
    assert stated == {"version": "--model-version", "producer": "--supplier", "licenses": "--license"}


def test_signature_and_attestations_are_referenced(tmp_path: Path) -> None:
    models.safetensors_file(tmp_path / "m.safetensors")
    (tmp_path / "m.safetensors.sig").write_text("{}")
    (tmp_path / "m.safetensors.attestations").mkdir()
    (tmp_path / "m.safetensors.attestations" / "scan.dsse.json").write_text("{}")
    references = {(r.kind, r.location) for r in bom_of(tmp_path / "m.safetensors").references}
    assert references == {
        ("signature", "m.safetensors.sig"),
        ("attestation", "m.safetensors.attestations/scan.dsse.json"),
    }


def test_what_is_no_model_is_said_to_be_none(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("hello")
    bom: Bom = bom_of(tmp_path / "notes.txt")
    assert bom.subject.type == "file"
    assert any("nothing that Violet knows as a model" in gap for gap in bom.gaps)


@pytest.mark.torch
@pytest.mark.parametrize("how", ["state", "module", "legacy", "script", "training"])
def test_torch_itself(tmp_path: Path, how: str) -> None:
    """Parameters and buffers as torch counts them, tied ones once."""
    import torch
    from torch import nn

    module = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4), nn.Linear(4, 4, bias=False))
    module[2].weight = module[0].weight
    kept = [*module.parameters(), *module.buffers()]
    path = tmp_path / "m.pt"
    if how == "script":
        torch.jit.script(module).save(str(path))
    elif how == "module":
        torch.save(module, path)
    elif how == "training":
        optimizer = torch.optim.Adam(module.parameters())
        module(torch.ones(3, 4)).sum().backward()
        optimizer.step()
        torch.save({"model": module.state_dict(), "optimizer": optimizer.state_dict()}, path)
    else:
        torch.save(module.state_dict(), path, _use_new_zipfile_serialization=how == "state")
    facts = bom_of(path).facts
    assert facts.parameters == sum(tensor.numel() for tensor in kept)
    assert facts.tensors == len(kept)
    assert basis(facts, "parameters") == {Basis.MEASURED}


def test_types_of_one_byte_are_quantised(tmp_path: Path) -> None:
    from safetensors.numpy import save_file

    save_file({"w": np.zeros((8, 8), np.int8), "scale": np.zeros(8, np.float32)}, tmp_path / "m.safetensors")
    assert bom_of(tmp_path / "m.safetensors").facts.quantisation == "I8"


def test_lock_files_of_npm(tmp_path: Path) -> None:
    """What a page or a service around a model needs is part of its project."""
    packages = {
        "": {"name": "app"},
        "node_modules/@scope/tool": {"version": "1.2.3", "integrity": "sha512-" + "A" * 86 + "=="},
        "node_modules/ms": {"version": "2.1.2", "dev": True},
    }
    (tmp_path / "package-lock.json").write_text(json.dumps({"lockfileVersion": 3, "packages": packages}))
    (tmp_path / "requirements.txt").write_text("numpy==2.1.0\n")
    bom = bom_of(tmp_path)
    tool = next(part for part in bom.components if part.name == "@scope/tool")
    assert (tool.ecosystem, tool.purl) == ("npm", "pkg:npm/%40scope/tool@1.2.3")
    assert [str(d) for d in tool.hashes] == ["sha512:" + "0" * 128]
    assert {part.name for part in bom.components} >= {"numpy", "ms", "@scope/tool"}
    assert any(p.name == "violet:scope" and p.value == "dev" for p in bom.properties)
    for version in ("1.6", "1.7"):
        assert not cyclonedx_problem(render_document(bom, "cyclonedx", spec_version=version))


def test_names_in_a_configuration_cannot_add_to_a_package_url(tmp_path: Path) -> None:
    folder = tmp_path / "m"
    folder.mkdir()
    models.safetensors_file(folder / "model.safetensors", {"format": "pt"})
    versions = {"numpy@9?x=y#z": "1.0?a=b", "pytorch": "2.5.1+cu118"}
    (folder / "config_sentence_transformers.json").write_text(json.dumps({"__version__": versions}))
    bom = bom_of(folder)
    found = {part.name: part.purl for part in bom.components if part.ecosystem == "PyPI"}
    assert found["torch"] == "pkg:pypi/torch@2.5.1%2Bcu118"
    purl = parse_purl(found["numpy@9?x=y#z"])
    assert purl is not None
    assert (purl.type, purl.version, purl.qualifiers) == ("pypi", "1.0?a=b", ())
