"""Formats told by their magic number: files of real libraries where there are any, else their first bytes."""

from __future__ import annotations

import io
import json
import struct
import tarfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.formats.tensor_files import ids, kinds, mutations, read, survives
from violet.formats.base import Relation
from violet.formats.known import FORMATS


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png() -> bytes:
    header = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0\0")) + chunk(b"IEND", b"")


def gif() -> bytes:
    head = b"GIF89a\x01\0\x01\0\x80\0\0" + bytes(6)
    return head + b"!\xf9\x04\0\0\0\0\0" + b",\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;"


def jpeg() -> bytes:
    quantise = b"\xff\xdb\0\x43\0" + bytes([1]) * 64
    frame = b"\xff\xc0\0\x0b\x08\0\x01\0\x01\x01\x01\x11\0"
    scan = b"\xff\xda\0\x08\x01\x01\0\0\x3f\0" + b"\x12\xff\x00\x34\xff\xd0\x56"
    return b"\xff\xd8" + quantise + frame + scan + b"\xff\xd9"


def wav() -> bytes:
    return (
        b"RIFF"
        + struct.pack("<I", 36)
        + b"WAVEfmt "
        + struct.pack("<IHHIIHH", 16, 1, 1, 8000, 8000, 1, 8)
        + b"data\0\0\0\0"
    )


def crc32c(data: bytes) -> int:
    """Bit by bit, as its definition says."""
    value = 0xFFFF_FFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
    return value ^ 0xFFFF_FFFF


def tfrecord() -> bytes:
    length = struct.pack("<Q", 5)
    value = crc32c(length)
    masked = ((value >> 15 | value << 17) + 0xA282EAD8) & 0xFFFF_FFFF
    return length + struct.pack("<I", masked) + b"hello" + bytes(4)


def nemo() -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as file:
        info = tarfile.TarInfo("./model_config.yaml")
        info.size = 3
        file.addfile(info, io.BytesIO(b"a: "))
    return stream.getvalue()


def message(*fields: tuple[int, int | bytes]) -> bytes:
    from tests.formats.test_protobuf import record, varint

    parts = [record(n, v) if isinstance(v, bytes) else varint(n << 3) + varint(v) for n, v in fields]
    return b"".join(parts)


SAMPLES: list[tuple[str, str, bytes]] = [
    ("tflite", "m.tflite", b"\x1c\0\0\0TFL3" + bytes(40)),
    ("executorch", "m.pte", b"\x1c\0\0\0ET12" + bytes(40)),
    ("ort", "m.ort", b"\x1c\0\0\0ORTM" + bytes(40)),
    ("ncnn", "m.param", b"7767517\n75 83\n"),
    ("flax-msgpack", "flax_model.msgpack", b"\x81\xa6params\x81\xa1w\xc7\x10\x01" + bytes(16)),
    ("catboost", "m.cbm", b"CBM1" + bytes(60)),
    ("pmml", "m.pmml", b'<?xml version="1.0"?>\n<PMML version="4.4"></PMML>'),
    ("openvino", "m.xml", b'<?xml version="1.0"?>\n<net name="n" version="11">\n<layers></layers></net>'),
    ("coreml", "m.mlmodel", message((1, 4), (2, b"\x0a\x00"), (500, b"\x08\x01"))),
    ("tensorrt", "m.engine", b"ptrt" + bytes(60)),
    ("ggml", "m.bin", b"lmgg" + bytes(60)),
    ("ggml", "m.bin", b"tjgg" + bytes(60)),
    ("mxnet", "m.params", b"\x12\1" + bytes(60)),
    ("torch7", "m.t7", b"\4\0\0\0\1\0\0\0\3\0\0\0V 1" + bytes(40)),
    ("fasttext", "m.bin", b"\xba\x16\x4f\x2f\x0c\0\0\0" + bytes(40)),
    ("faiss", "m.faiss", b"IxF2\x40\0\0\0" + bytes(60)),
    ("sentencepiece", "t.model", message((1, message((1, b"<unk>")) + b"\x15\0\0\0\0\x18\x02")) + bytes(40)),
    ("r-data", "m.rds", b"X\n\0\0\0\3\0\4\1\0" + bytes(40)),
    ("java-serialized", "m.ser", b"\xac\xed\0\5sr\0\4java" + bytes(40)),
    ("dotnet-serialized", "m.dat", b"\0\1\0\0\0\xff\xff\xff\xff\1\0\0\0\0\0\0\0" + bytes(40)),
    ("php-serialized", "m.bin", b'O:8:"stdClass":1:{s:1:"a";i:1;}'),
    ("ruby-marshal", "m.marshal", b"\x04\x08o:\x0bObject\0"),
    ("parquet", "d.parquet", b"PAR1" + bytes(60) + b"PAR1"),
    ("arrow", "d.arrow", b"ARROW1\0\0" + bytes(60)),
    ("avro", "d.avro", b"Obj\1" + bytes(60)),
    ("sqlite", "d.db", b"SQLite format 3\0" + bytes(100)),
    ("lmdb", "data.mdb", bytes(16) + b"\xde\xc0\xef\xbe" + bytes(60)),
    ("tfrecord", "d.tfrecord", tfrecord()),
    ("matlab", "d.mat", b"MATLAB 5.0 MAT-file, Platform" + bytes(128)),
    ("idx", "train.idx", b"\0\0\x08\x02" + struct.pack(">II", 2, 3) + bytes(6)),
    ("png", "a.png", png()),
    ("gif", "a.gif", gif()),
    ("jpeg", "a.jpg", jpeg()),
    ("wav", "a.wav", wav()),
    ("mp4", "a.mp4", b"\0\0\0\x18ftypisom" + bytes(40)),
    ("font", "a.ttf", b"\0\1\0\0\0\x0c\0\x80\0\3\0\x40OS/2" + bytes(40)),
    ("pdf", "a.pdf", b"%PDF-1.7\n" + bytes(40)),
]


@pytest.mark.parametrize(("format_id", "name", "data"), SAMPLES, ids=[s[0] for s in SAMPLES])
def test_recognised_by_content(format_id: str, name: str, data: bytes) -> None:
    assert ids(data, name)[0] == format_id
    others = {"flax-msgpack", "ruby-marshal", "faiss"}
    if format_id not in others:
        assert format_id in ids(data, "renamed")


def test_the_checksum_of_the_test_is_the_real_one() -> None:
    assert crc32c(b"123456789") == 0xE3069283


def test_a_nemo_archive_is_a_tar_archive_first() -> None:
    found = ids(nemo(), "m.nemo")
    assert "nemo" in found


def test_xgboost(tmp_path: Path) -> None:
    import xgboost

    model = xgboost.train({"max_depth": 2}, xgboost.DMatrix(np.eye(8), label=np.arange(8)), num_boost_round=2)
    for suffix, wanted in ((".json", "xgboost-json"), (".ubj", "xgboost-ubjson")):
        path = tmp_path / f"model{suffix}"
        model.save_model(path)
        assert ids(path.read_bytes(), path.name)[0] == wanted
        assert ids(path.read_bytes(), "model.bin")[0] == wanted


def test_lightgbm(tmp_path: Path) -> None:
    import lightgbm

    data: Any = lightgbm.Dataset(np.random.default_rng(0).random((60, 3)), np.arange(60) % 2)
    model = lightgbm.train({"objective": "binary", "verbose": -1, "min_data_in_leaf": 5}, data, 2)
    path = tmp_path / "model.txt"
    model.save_model(str(path))
    assert ids(path.read_bytes(), "model.txt")[0] == "lightgbm"


def test_other_json_is_no_model() -> None:
    found = ids(json.dumps({"name": "x", "learner_rate": 1}).encode(), "config.json")
    assert not {"xgboost-json", "catboost-json"} & set(found)


@pytest.mark.parametrize("whole", [png(), gif(), jpeg(), wav()], ids=["png", "gif", "jpeg", "wav"])
def test_what_stands_behind_an_image_is_examined(whole: bytes) -> None:
    name = ids(whole, "")[0]
    parsed = read(name, whole)
    assert parsed.children == []
    assert parsed.defects == []
    payload = b"\x80\x04\x95" + b"p" * 30
    (child,) = read(name, whole + payload).children
    assert child.relation is Relation.HIDDEN
    assert payload.endswith(child.source.read(0, 99)[-30:])
    assert read(name, whole + bytes(100)).children == []
    assert kinds(read(name, whole[:-6])) in ([], ["truncated"])


def test_a_photograph_with_what_cameras_append_is_ordinary() -> None:
    assert read("jpeg", jpeg() + jpeg()).children == []


def test_plain_text_is_none_of_these() -> None:
    known = {entry.id for entry in FORMATS}
    for text in (b"hello, world\n", b"import os\n", b"a,b\n1,2\n", b"# Title\n\nText.\n", b"O: yes\n", b"true\n"):
        assert not known & set(ids(text, "x.bin"))


@given(st.binary(max_size=200))
def test_any_bytes(data: bytes) -> None:
    for name in ("png", "gif", "jpeg", "bmp", "wav"):
        survives(name, data)
    for lead in (b"\x89PNG\r\n\x1a\n", b"GIF89a", b"\xff\xd8", b"BM", b"RIFF"):
        survives("png", lead + data)


@given(mutations(gif) | mutations(png) | mutations(jpeg))
def test_any_mutation(data: bytes) -> None:
    survives("gif", data)


def test_word_vectors() -> None:
    rows = b"".join(word + b" " + struct.pack("<4f", 1, 2, 3, 4) + b"\n" for word in (b"the", b"caf\xc3\xa9", b"model"))
    assert ids(b"3 4\n" + rows, "vectors.bin") == ["word2vec"]
    assert "word2vec" not in ids(b"3 9000\n" + rows, "vectors.bin")
    assert "word2vec" not in ids(b"12 14\nsome text that is no table of vectors", "notes.bin")


def test_dlib_networks() -> None:
    assert ids(b"\x01\x01\x01\x0closs_metric_\x01\x01" + bytes(range(256)), "recognition.dat") == ["dlib"]
    shape = bytes.fromhex("010181888101034d38f1811d039fd6a4811903faa285811c03a192e4811903")
    assert ids(shape, "shape_predictor.dat") == ["dlib"]
    assert "dlib" not in ids(b"\x01\x01" + bytes(range(256)), "other.dat")
