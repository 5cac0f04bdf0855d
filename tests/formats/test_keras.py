"""The Keras readers, against models that Keras writes and configurations that it would not."""

from __future__ import annotations

import json
import marshal
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.checks.examples import outcomes
from tests.formats import keras_archives as keras
from tests.formats.keras_models import BENIGN, build
from tests.formats.tensor_files import ids, kinds, mutations, read, survives
from violet.checks.examine import examine_file
from violet.domain import Skipped
from violet.formats.keras.code import decode, summarise
from violet.formats.keras.facts import KerasFacts


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("keras"), BENIGN)


def test_real_models_are_silent(models: Path) -> None:
    files = sorted(models.iterdir())
    assert len(files) == 8
    for path in files:
        result = examine_file(str(path))
        assert outcomes(path) == []
        assert [o for o in result.outcomes if isinstance(o, Skipped)] == []


def test_real_models_are_what_they_are(models: Path) -> None:
    def formats(name: str) -> set[str]:
        return {asset.format for asset in examine_file(str(models / name)).assets}

    assert formats("functional.keras") == {"keras", "json", "keras-config", "hdf5"}
    assert formats("functional.h5") == {"hdf5", "keras-config"}
    assert formats("images.json") == {"keras-config"}


def facts_of(data: str | bytes) -> KerasFacts:
    parsed = read("keras-config", data.encode() if isinstance(data, str) else data)
    assert isinstance(parsed.facts, KerasFacts)
    return parsed.facts


def test_objects_and_where_they_stand() -> None:
    facts = facts_of(json.dumps(keras.sequential(keras.dense())))
    assert [(o.name, o.where) for o in facts.objects][:3] == [
        ("Sequential", "$"),
        ("InputLayer", "$.config.layers[0]"),
        ("Dense", "$.config.layers[1]"),
    ]
    assert facts.objects[3].owner == "Dense"


def test_code_is_summarised() -> None:
    found = decode(keras.code("lambda x: (lambda y: os.system(y))('ls -l')"))
    assert found is not None
    assert found.names == ("os", "system")
    assert "ls -l" in found.constants


OLDER = {
    # (lambda x: os.system('id')) as CPython 3.6 and 2.7 marshal it, their parts written out by hand
    "3.6": b"\xe3" + b"\x01\0\0\0\0\0\0\0\x01\0\0\0\x02\0\0\0S\0\0\0" + b"s\x04\0\0\0abcd"
    + b")\x02N\xda\x02id" + b")\x02\xda\x02os\xda\x06system" + b")\x01\xda\x01x" + b")\0)\0"
    + b"\xfa\x04a.py\xfa\x08<lambda>" + b"\x01\0\0\0" + b"s\0\0\0\0",
    "2.7": b"c" + b"\x01\0\0\0\x01\0\0\0\x02\0\0\0S\0\0\0" + b"s\x04\0\0\0abcd"
    + b"(\x02\0\0\0Nt\x02\0\0\0id" + b"(\x02\0\0\0t\x02\0\0\0ost\x06\0\0\0system" + b"(\x01\0\0\0t\x01\0\0\0x"
    + b"(\0\0\0\0(\0\0\0\0" + b"t\x04\0\0\0a.pyt\x08\0\0\0<lambda>" + b"\x01\0\0\0" + b"s\0\0\0\0",
}  # fmt: skip


@pytest.mark.parametrize("version", sorted(OLDER))
def test_code_of_older_pythons(version: str) -> None:
    found = summarise(OLDER[version])
    assert found is not None
    assert found.names == ("os", "system")
    assert found.constants == ("id",)


@given(st.binary(max_size=300))
def test_code_of_any_bytes(data: bytes) -> None:
    summarise(b"\xe3" + data)
    decode(data.decode("latin-1"))


@given(st.recursive(st.none() | st.integers() | st.text() | st.binary(), lambda c: st.lists(c).map(tuple)))
def test_marshalled_values_that_are_not_code(value: object) -> None:
    assert summarise(marshal.dumps(value)) is None


def test_repeated_keys_contradict() -> None:
    parsed = read("keras-config", b'{"class_name": "Dense", "class_name": "Lambda", "config": {}}')
    assert kinds(parsed) == ["contradiction"]
    parsed = read("keras-config", b'{"class_name": "Dense", "class_name": "Dense", "config": {}}')
    assert kinds(parsed) == []


@pytest.mark.parametrize("data", [b"{", b'{"class_name": "A", "config": ' + b"[" * 100_000, b"\xff\xfe{", b""])
def test_what_is_no_json_stays_unexamined(data: bytes) -> None:
    parsed = read("keras-config", data)
    assert kinds(parsed) == ["malformed"]
    assert parsed.unexamined


def test_sniffing() -> None:
    config = json.dumps(keras.legacy(keras.dense()))
    assert ids(config.encode(), "anything.bin")[0] == "keras-config"
    assert ids(config.encode("utf-16"), "a.json")[0] == "keras-config"
    assert "keras-config" not in ids(b'{"_class_name": "Pipeline", "x": 1}', "model_index.json")
    assert ids(b"backend: tensorflow\nclass_name: Sequential\nconfig:\n", "m.yaml")[0] == "keras-yaml"


@cache
def valid() -> bytes:
    layers = [
        keras.dense(),
        keras.lambda_layer(keras.lambda_function("lambda x: x + 1")),
        keras.lambda_layer(keras.function("os", "system"), arguments={"a": 1}),
        keras.layer("TorchModuleWrapper", {"module": "gAJjb3MKc3lzdGVtCi4="}),
        keras.layer("StringLookup", {"vocabulary": "/etc/passwd"}),
        keras.layer("RWKVTokenizer", {"vocabulary": ["1 x 1"]}),
        {"class_name": "Lambda", "config": {"function": [keras.code("lambda x: x"), None, None]}},
    ]
    return json.dumps(keras.sequential(*layers)).encode()


@cache
def archived() -> bytes:
    import io
    import zipfile

    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as file:
        file.writestr("metadata.json", "{}")
        file.writestr("config.json", b'{"a": 1}')
    return stream.getvalue()


@given(st.binary(max_size=500))
def test_any_bytes(data: bytes) -> None:
    for format_id, name in (("keras-config", "config.json"), ("keras-yaml", "a.yaml"), ("keras", "a.keras")):
        survives(format_id, data, name)


@given(mutations(valid))
def test_mutations(data: bytes) -> None:
    survives("keras-config", data, "config.json")
    survives("keras-yaml", data, "config.yaml")


@given(mutations(archived))
def test_mutations_of_an_archive(data: bytes) -> None:
    survives("keras", data, "model.keras")
