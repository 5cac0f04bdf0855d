"""Small valid files of tensor formats, written byte by byte, so that no framework has to be installed.

Sources: the pickles inside a torch checkpoint follow what ``torch.save`` writes (zip, stored entries,
64-byte aligned storages); ONNX follows onnx.proto (field numbers) in the protocol buffers wire format; GGUF
the specification of version 3; safetensors its format description (header length, JSON header, data).
"""

from __future__ import annotations

import io
import json
import random
import struct
import zipfile

EPOCH = (1980, 1, 1, 0, 0, 0)
CHAT_TEMPLATE = (
    "{% for message in messages %}<|{{ message['role'] }}|>{{ message['content'] }}</s>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)


def _floats(count: int, seed: int) -> bytes:
    generator = random.Random(seed)
    return struct.pack(f"<{count}f", *(generator.gauss(0.0, 0.1) for _ in range(count)))


def checkpoint(seed: int) -> bytes:
    """A state dictionary of a two-layer perceptron as ``torch.save`` lays it out. Shapes: (8, 4), (8,), (1,
    8), (1,)."""
    tensors = [("0.weight", (8, 4)), ("0.bias", (8,)), ("2.weight", (1, 8)), ("2.bias", (1,))]
    parts = [b"\x80\x02ccollections\nOrderedDict\n)R("]
    storages: list[bytes] = []
    for name, shape in tensors:
        count = 1
        for length in shape:
            count *= length
        parts += [_unicode(name), _tensor(str(len(storages)), shape, count)]
        storages.append(_floats(count, seed + len(storages)))
    parts.append(b"u.")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        _store(archive, "perceptron/data.pkl", b"".join(parts))
        _store(archive, "perceptron/byteorder", b"little")
        for number, data in enumerate(storages):
            _store(archive, f"perceptron/data/{number}", data)
        _store(archive, "perceptron/version", b"3\n")
    return buffer.getvalue()


def _store(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    archive.writestr(zipfile.ZipInfo(name, EPOCH), data)


def _tensor(key: str, shape: tuple[int, ...], count: int) -> bytes:
    """Pickle opcodes of ``torch._utils._rebuild_tensor_v2(storage, 0, shape, stride, False,
    OrderedDict())``."""
    stride = [1]
    for length in reversed(shape[1:]):
        stride.insert(0, stride[0] * length)
    storage = (
        b"("
        + _unicode("storage")
        + b"ctorch\nFloatStorage\n"
        + _unicode(key)
        + _unicode("cpu")
        + _number(count)
        + b"tQ"
    )
    return (
        b"ctorch._utils\n_rebuild_tensor_v2\n("
        + storage
        + _number(0)
        + _numbers(shape)
        + _numbers(tuple(stride))
        + b"\x89ccollections\nOrderedDict\n)RtR"
    )


def _unicode(text: str) -> bytes:
    data = text.encode("utf-8")
    return b"X" + struct.pack("<I", len(data)) + data


def _number(value: int) -> bytes:
    return b"K" + bytes([value])


def _numbers(values: tuple[int, ...]) -> bytes:
    return b"(" + b"".join(_number(value) for value in values) + b"t"


def onnx_graph(seed: int) -> bytes:
    """``y = x @ w`` with ``w`` of shape (4, 1); x is a batch of 4 features."""
    weights = _message(
        _integers(1, 4, 1),  # dims
        _varint_field(2, 1),  # data_type FLOAT
        _text(8, "w"),
        _bytes(9, _floats(4, seed)),  # raw_data
    )
    node = _message(_text(1, "x"), _text(1, "w"), _text(2, "y"), _text(3, "product"), _text(4, "MatMul"))
    graph = _message(
        _bytes(1, node),
        _text(2, "linear"),
        _bytes(5, weights),
        _bytes(11, _value("x", 4)),
        _bytes(12, _value("y", 1)),
    )
    opset = _message(_text(1, ""), _varint_field(2, 17))
    return _message(_varint_field(1, 8), _text(2, "violet-demo"), _bytes(7, graph), _bytes(8, opset))


def _value(name: str, columns: int) -> bytes:
    """A ValueInfoProto: a float tensor of shape (batch, columns)."""
    shape = _message(_bytes(1, _text(2, "batch")), _bytes(1, _varint_field(1, columns)))
    tensor = _message(_varint_field(1, 1), _bytes(2, shape))
    return _message(_text(1, name), _bytes(2, _bytes(1, tensor)))


def _message(*fields: bytes) -> bytes:
    return b"".join(fields)


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _varint_field(number: int, value: int) -> bytes:
    return _varint(number << 3) + _varint(value)


def _integers(number: int, *values: int) -> bytes:
    return b"".join(_varint_field(number, value) for value in values)


def _bytes(number: int, data: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(data)) + data


def _text(number: int, text: str) -> bytes:
    return _bytes(number, text.encode("utf-8"))


def gguf(seed: int) -> bytes:
    """Metadata with a chat template, and one tensor of shape (16, 4)."""
    metadata = [
        ("general.architecture", 8, _gguf_text("llama")),
        ("general.name", 8, _gguf_text("tiny-chat")),
        ("general.alignment", 4, struct.pack("<I", 32)),
        ("tokenizer.chat_template", 8, _gguf_text(CHAT_TEMPLATE)),
    ]
    head = b"GGUF" + struct.pack("<IQQ", 3, 1, len(metadata))
    for key, kind, value in metadata:
        head += _gguf_text(key) + struct.pack("<I", kind) + value
    head += _gguf_text("token_embd.weight") + struct.pack("<IQQIQ", 2, 16, 4, 0, 0)
    return head + bytes(-len(head) % 32) + _floats(64, seed)


def _gguf_text(text: str) -> bytes:
    data = text.encode("utf-8")
    return struct.pack("<Q", len(data)) + data


def safetensors(seed: int) -> bytes:
    """Two tensors: (8, 4) and (8,)."""
    header = {
        "__metadata__": {"format": "pt"},
        "embedding.weight": {"dtype": "F32", "shape": [8, 4], "data_offsets": [0, 128]},
        "embedding.bias": {"dtype": "F32", "shape": [8], "data_offsets": [128, 160]},
    }
    text = json.dumps(header, separators=(",", ":")).encode("utf-8")
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + _floats(40, seed)
