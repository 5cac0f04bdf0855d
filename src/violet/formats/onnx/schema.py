"""Field numbers of ONNX messages, from ``onnx/onnx.proto`` (IR version 14)."""

from __future__ import annotations

from typing import Final

from violet.formats.protobuf import BYTES, FIXED32, FIXED64, VARINT

IR_VERSION: Final = 14
"""The newest version of the intermediate representation whose fields are known here."""

MODEL: Final = frozenset((1, 2, 3, 4, 5, 6, 7, 8, 14, 20, 25, 26))
GRAPH: Final = frozenset((1, 2, 5, 10, 11, 12, 13, 14, 15, 16))
NODE: Final = frozenset(range(1, 11))
ATTRIBUTE: Final = frozenset((*range(1, 12), 13, 14, 15, 20, 21, 22, 23))
TENSOR: Final = frozenset((*range(1, 15), 16))
FUNCTION: Final = frozenset((1, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 2, 3))
"""2 and 3 were ``since_version`` and ``status`` before functions became stable."""

TENSOR_WIRE: Final = {
    1: (VARINT, BYTES), 3: (BYTES,), 4: (BYTES, FIXED32), 5: (BYTES, VARINT), 6: (BYTES,), 7: (BYTES, VARINT),
    8: (BYTES,), 9: (BYTES,), 10: (BYTES, FIXED64), 11: (BYTES, VARINT), 12: (BYTES,), 13: (BYTES,), 14: (VARINT,),
    16: (BYTES,),
}  # fmt: skip
"""Wire types of the fields of a tensor, packed or not; its type (2) is a varint."""
TENSOR_DATA: Final = frozenset((4, 5, 6, 7, 9, 10, 11, 13))
"""The fields that hold elements, or say where they are."""
TENSOR_BITS: Final = {
    1: 32, 2: 8, 3: 8, 4: 16, 5: 16, 6: 32, 7: 64, 9: 8, 10: 16, 11: 64, 12: 32, 13: 64, 14: 64, 15: 128,
    16: 16, 17: 8, 18: 8, 19: 8, 20: 8, 21: 4, 22: 4, 23: 4, 24: 8, 25: 2, 26: 2, 27: 6, 28: 6,
}  # fmt: skip
"""Bits of one element in ``raw_data`` for each ``TensorProto.DataType``; strings (8) have none."""
