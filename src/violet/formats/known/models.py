"""Model formats that are recognised and not yet read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.formats.base import Certainty
from violet.formats.known.magic import begins, known, magic, named

if TYPE_CHECKING:
    from violet.formats.base import Probe


@begins(bytes((*range(0x81, 0x90), 0xDE, 0xDF)))
def _flax(probe: Probe) -> Certainty:
    """A msgpack map whose first key is a text; arrays stand in it as extension type 1."""
    head = probe.head
    if len(head) < 4 or not (0x81 <= head[0] <= 0x8F or head[0] in (0xDE, 0xDF)):
        return Certainty.NO
    key = head[{0xDE: 3, 0xDF: 5}.get(head[0], 1) :][:16]
    if not key or not (0xA1 <= key[0] <= 0xBF or key[0] in (0xD9, 0xDA)) or not key[2:4].isascii():
        return Certainty.NO
    if probe.suffix == ".msgpack":
        return Certainty.LIKELY
    arrays = b"\xc7" in head or b"\xc8" in head or b"\xc9" in head
    return Certainty.LIKELY if b"params" in key and arrays else Certainty.NO


@begins(b"0123456789")
def _word2vec(probe: Probe) -> Certainty:
    """The number of words and of dimensions as text, and then, for each word, a space and its numbers."""
    import re

    counts = re.match(rb"([1-9]\d{0,9}) ([1-9]\d{0,4})\n", probe.head[:24])
    if counts is None:
        return Certainty.NO
    words, width = int(counts[1]), int(counts[2])
    at = counts.end()
    for _ in range(min(words, 3)):
        word = probe.source.read(at, 256).lstrip(b"\n")
        end = word.find(b" ")
        if end <= 0 or b"\0" in word[:end]:
            return Certainty.NO
        at += probe.source.read(at, 256).find(word[:end]) + end + 1 + 4 * width
        if at > probe.source.size:
            return Certainty.NO
    return Certainty.LIKELY


@begins(b"\x01")
def _dlib(probe: Probe) -> Certainty:
    """A version, and soon after it the name of a layer, or the extents of a matrix with a single column, which are
    written as negative numbers: each number and text with its length before it."""
    import re

    if re.match(rb"\x01\x01(?:\x81.|\x82..)\x81\x01[\x01-\x04]", probe.head, re.DOTALL) is not None:
        return Certainty.CERTAIN if probe.suffix == ".dat" else Certainty.LIKELY
    layers = rb"\x01[\x04-\x20](?:loss_|con_?\d?|affine_|fc_|relu_|avg_pool_|max_pool_|input_rgb_)"
    return Certainty.CERTAIN if re.search(layers, probe.head[:256]) else Certainty.NO


@begins(b"{")
def _xgboost_json(probe: Probe) -> Certainty:
    head = probe.head
    if head[:1] != b"{" or b'"learner"' not in head:
        return Certainty.NO
    parts = (b'"gradient_booster"', b'"learner_model_param"', b'"attributes"', b'"feature_names"')
    return Certainty.CERTAIN if any(part in head for part in parts) else Certainty.LIKELY


@begins(b"{")
def _xgboost_ubjson(probe: Probe) -> Certainty:
    head = probe.head
    if head[:1] != b"{" or b"\x07learner{" not in head[:64]:
        return Certainty.NO
    return Certainty.CERTAIN if head[1:2] in b"LlUiI" else Certainty.NO


@begins(b"{ \r\n\t")
def _catboost_json(probe: Probe) -> Certainty:
    head = probe.head
    if head.lstrip(b" \r\n\t")[:1] != b"{":
        return Certainty.NO
    found = b'"oblivious_trees"' in head or (b'"ctr_data"' in head or b'"features_info"' in head)
    return Certainty.LIKELY if found and b'"float_features"' in head else Certainty.NO


@begins(b"<\xef \t\r\n")
def _pmml(probe: Probe) -> Certainty:
    head = probe.head
    if b"<PMML" not in head or head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] != b"<":
        return Certainty.NO
    return Certainty.CERTAIN


@begins(b"<\xef \t\r\n")
def _openvino(probe: Probe) -> Certainty:
    head = probe.head[:2048]
    if b"<net " not in head or b"version=" not in head or head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] != b"<":
        return Certainty.NO
    return Certainty.CERTAIN if b"<layers" in head else Certainty.LIKELY


@begins(b"\x08")
def _coreml(probe: Probe) -> Certainty:
    """A message of a version, a description, and one of the model kinds, numbered from 200 on."""
    head = probe.head
    if len(head) < 4 or head[0] != 0x08 or head[1] > 40 or head[2] != 0x12:
        return Certainty.NO
    from violet.formats.protobuf import BYTES, Wire

    for count, field in enumerate(Wire(probe.source).fields()):
        if 200 <= field.number <= 3100 and field.wire == BYTES:
            return Certainty.CERTAIN
        if field.number not in (1, 2, 10, 11) or count > 4:
            break
    return Certainty.POSSIBLE if probe.suffix == ".mlmodel" else Certainty.NO


@begins(b"\n")
def _paddle_program(probe: Probe) -> Certainty:
    head = probe.head
    if head[:1] != b"\n" or b"\x08\x00\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x1a" not in head[:20]:
        return Certainty.NO
    return Certainty.CERTAIN


@begins(b"\0")
def _paddle_parameters(probe: Probe) -> Certainty:
    """Versions and levels of zero, then the length of a short tensor description, and its type."""
    head = probe.head
    if len(head) < 24 or any(head[:16]):
        return Certainty.NO
    length = int.from_bytes(head[16:20], "little")
    return Certainty.LIKELY if 2 <= length <= 128 and head[20] == 0x08 and head[21] < 32 else Certainty.NO


def _nemo(probe: Probe) -> Certainty:
    if probe.head[257:262] != b"ustar":
        return Certainty.NO
    first = probe.head[:100].rstrip(b"\0").removeprefix(b"./")
    named_so = probe.suffix == ".nemo"
    return Certainty.CERTAIN if named_so or first.endswith(b"model_config.yaml") else Certainty.NO


@begins(b"I")
def _faiss(probe: Probe) -> Certainty:
    head = probe.head
    if head[:2] not in (b"Ix", b"Iw", b"IH", b"IB") or not head[2:4].isalnum():
        return Certainty.NO
    dimension = int.from_bytes(head[4:8], "little")
    return Certainty.LIKELY if 0 < dimension < 1 << 20 and 0 in head[4:16] else Certainty.NO


@begins(b"\n")
def _sentencepiece(probe: Probe) -> Certainty:
    head = probe.head
    if head[:1] != b"\n" or len(head) < 32 or b"\x15" not in head[:32]:
        return Certainty.NO
    return Certainty.CERTAIN if b"<unk>" in head[:64] or b"<pad>" in head[:32] else Certainty.NO


@begins(b"\x044")
def _torch7(probe: Probe) -> Certainty:
    """Type 4 (an object), index 1, the length of ``V 1``; or the same in text."""
    head = probe.head
    binary = head.startswith((b"\4\0\0\0\1\0\0\0\3\0\0\0V 1", b"\4\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0"))
    return Certainty.CERTAIN if binary or head.startswith(b"4\n1\n3\nV 1\n") else Certainty.NO


MODELS = (
    known("tflite", "TensorFlow Lite", (".tflite", ".lite"), magic(b"TFL3", at=4)),
    known("executorch", "ExecuTorch program", (".pte",), magic(b"ET12", b"ET13", b"ET11", at=4)),
    known("executorch-data", "ExecuTorch data", (".ptd",), magic(b"FT01", at=4)),
    known("ort", "ONNX Runtime model", (".ort",), magic(b"ORTM", at=4)),
    known("circle", "Circle model", (".circle",), magic(b"CIR0", at=4)),
    known("mnn", "MNN model", (".mnn",), named(".mnn")),
    known("ncnn", "ncnn parameters", (".param",), magic(b"7767517\n", b"7767517\r\n", b"\xf7\x85\x76\0")),
    known("rknn", "RKNN model", (".rknn",), magic(b"RKNN")),
    known("flax-msgpack", "Flax msgpack checkpoint", (".msgpack",), _flax),
    known("xgboost-json", "XGBoost JSON model", (".json",), _xgboost_json, rank=30),
    known("xgboost-ubjson", "XGBoost UBJSON model", (".ubj",), _xgboost_ubjson),
    known("xgboost-binary", "XGBoost binary model", (), magic(b"binf")),
    known(
        "lightgbm",
        "LightGBM text model",
        (".txt",),
        magic(b"tree\nversion=", b"tree\r\nversion="),
        rank=30,
    ),
    known("catboost", "CatBoost model", (".cbm",), magic(b"CBM1")),
    known("catboost-json", "CatBoost JSON model", (".json",), _catboost_json, rank=30),
    known("pmml", "PMML", (".pmml", ".xml"), _pmml, rank=30),
    known("coreml", "Core ML model", (".mlmodel",), _coreml),
    known("openvino", "OpenVINO network", (".xml",), _openvino, rank=30),
    known("paddle-program", "PaddlePaddle program", (".pdmodel", "__model__"), _paddle_program),
    known("paddle-parameters", "PaddlePaddle parameters", (".pdiparams",), _paddle_parameters),
    known(
        "tensorrt",
        "TensorRT engine",
        (".engine", ".trt"),
        magic(b"ptrt", b"ftrt", b"blobtrt"),
        executable=True,
    ),
    known(
        "ggml",
        "GGML model of before GGUF",
        (".bin", ".ggml"),
        magic(b"lmgg", b"fmgg", b"tjgg", b"algg", b"ggml", b"ggmf", b"ggjt", b"ggla"),
    ),
    known("mxnet", "MXNet parameters", (), magic(b"\x12\1\0\0\0\0\0\0")),
    known("caffe", "Caffe weights", (".caffemodel",), named(".caffemodel")),
    known("darknet", "Darknet weights", (), named(".weights")),
    known("cntk", "CNTK model", (".dnn", ".cntk"), magic("BCNTK".encode("utf-16-le"), at=2)),
    known("torch7", "Torch 7 object", (".t7",), _torch7, executable=True),
    known("nemo", "NeMo archive", (".nemo",), _nemo, executable=True, rank=80),
    known("word2vec", "word2vec vectors", (".bin", ".w2v"), _word2vec, inert=True),
    known("dlib", "dlib model", (".dat",), _dlib),
    known("crfsuite", "CRFsuite model", (".crfsuite",), magic(b"lCRF")),
    known("fasttext", "fastText model", (".bin", ".ftz"), magic(b"\xba\x16\x4f\x2f")),
    known("faiss", "FAISS index", (".faiss",), _faiss),
    known("sentencepiece", "SentencePiece model", (".spm",), _sentencepiece),
    known("kaldi", "Kaldi model", (), magic(b"\0B<")),
    known("openvino-blob", "OpenVINO compiled blob", (), named(".blob"), executable=True),
    known(
        "vowpal-wabbit",
        "Vowpal Wabbit model",
        (".vw",),
        magic(b"\6\0\0\0008.", b"\6\0\0\0009.", b"\7\0\0\0008."),
    ),
    known("h2o-genmodel", "H2O compiled model", (".cmm",), named(".cmm")),
)
