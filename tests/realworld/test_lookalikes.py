"""Ordinary files that look like something else, each beside a twin that is what it looks like.

Every benign one was met in a package that people install; the twins hold that telling it apart costs no attack."""

from __future__ import annotations

import pickle
import random
import struct
import zlib
from pathlib import Path

import pytest

from violet.checks.examine import examine_file
from violet.domain import Finding, Severity

HARMLESS_CALL = b"cos\nsystem\n(S'true'\ntR."


def worst(path: Path) -> Severity | None:
    found = [o.severity for o in examine_file(str(path)).outcomes if isinstance(o, Finding)]
    return max(found, default=None)


def write(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def quiet(path: Path) -> bool:
    severity = worst(path)
    return severity is None or severity <= Severity.LOW


def loud(path: Path) -> bool:
    severity = worst(path)
    return severity is not None and severity >= Severity.HIGH


WORDS = "\n".join(
    ["cob", "cobalt", "coca", "cos", "cosin", "cosine", "cot", "cotton", "ida", "idea", "ife.br", "rep.br", "io", "ion"]
    * 40
).encode()


def test_a_sorted_word_list_is_no_pickle(tmp_path: Path) -> None:
    assert quiet(write(tmp_path / "vocab.txt", b"a\nb\n" + WORDS))
    assert quiet(write(tmp_path / "suffixes.dat", WORDS + b"\n.\nzz\n"))


def test_a_pickle_among_words_is_one(tmp_path: Path) -> None:
    assert loud(write(tmp_path / "vocab.txt", b"a\nb\n" + WORDS + b"\n" + HARMLESS_CALL))
    assert loud(write(tmp_path / "behind.txt", b"a\nb\n" + WORDS + b"\ncab\n" + HARMLESS_CALL))


def test_numbers_that_hold_opcodes_are_no_pickle(tmp_path: Path) -> None:
    """A landmark model of dlib: megabytes of numbers, in which PROTO and an extension code stand by chance."""
    chance = random.Random(7)
    table = bytearray(chance.randbytes(200_000))
    for place in range(500, 200_000, 4_000):
        table[place : place + 9] = b"\x80\x01]\x83\x10\x26\x88\x81\x12"
        table[place + 900 : place + 906] = b"\x80\x03K\x01\x82\x09"
    assert quiet(write(tmp_path / "shape_predictor.dat", bytes(table)))


def test_a_pickle_among_numbers_is_one(tmp_path: Path) -> None:
    chance = random.Random(8)
    noise = chance.randbytes(20_000)
    used = b"\x80\x02K\x01\x82\x09X\x04\0\0\0true\x85R."
    assert loud(write(tmp_path / "extension.dat", noise + used + noise))
    named = pickle.dumps(_Caller(), protocol=2)
    assert loud(write(tmp_path / "named.dat", noise + named + noise))


class _Caller:
    def __reduce__(self) -> tuple[object, ...]:
        import os

        return os.system, ("true",)


def test_a_table_of_small_numbers_is_no_compressed_stream(tmp_path: Path) -> None:
    """Dictionaries of espeak begin like the header of an LZMA stream of four bytes."""
    table = struct.pack("<II", 0x400, 0x408) + bytes(1016) + struct.pack("<400I", *range(400))
    assert quiet(write(tmp_path / "chr_dict", table))


def test_text_under_the_name_of_other_text(tmp_path: Path) -> None:
    assert quiet(write(tmp_path / "extending.pyx", b"#!/usr/bin/env python3\n#cython: language_level=3\nx = 1\n"))
    assert quiet(write(tmp_path / "kernels.pyx.tp", b"{{py:\nimplementations = [('64', 'double')]\n}}\ncdef int x\n"))
    assert quiet(
        write(tmp_path / "table.tpl", b"{# what follows is a table #}\n{% for r in rows %}{{ r }}{% endfor %}\n")
    )


def test_compressors_under_each_others_names(tmp_path: Path) -> None:
    data = zlib.compress(pickle.dumps({"a": [1, 2, 3]}))
    assert quiet(write(tmp_path / "joblib_compressed.gz", data))
    assert loud(write(tmp_path / "hostile.gz", zlib.compress(HARMLESS_CALL)))


def test_pickles_under_names_that_say_nothing(tmp_path: Path) -> None:
    assert quiet(write(tmp_path / "corpus.mm.index", pickle.dumps([1, 2, 3])))
    assert loud(write(tmp_path / "hostile.index", HARMLESS_CALL))
    assert loud(write(tmp_path / "weights.safetensors", pickle.dumps([1, 2, 3])))


def test_pandas_names_the_member_like_the_archive(tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    path = tmp_path / "frame.pkl.zip"
    pandas.DataFrame({"a": [1, 2]}).to_pickle(path)
    assert quiet(path)


def test_the_header_of_matlab_before_hdf5(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py")
    path = tmp_path / "measured.mat"
    with h5py.File(path, "w", userblock_size=512) as file:
        file["a"] = [1.0, 2.0]
    header = b"MATLAB 7.0 MAT-file, Platform: GLNX86, Created on: Sat Oct  4 19:01:58 2008 HDF5 schema 0.05 ."
    block = header.ljust(116) + bytes(8) + b"\0\2IM"
    with path.open("r+b") as raw:
        raw.write(block)
    assert quiet(path)
    with path.open("r+b") as raw:
        raw.write(block + HARMLESS_CALL)
    assert loud(path)


def state_pickle(module: str, name: str, state: dict[str, object]) -> bytes:
    """``module.name`` made without its ``__init__``, and given a state."""
    body = pickle.dumps(state, protocol=2)[2:-1]
    return b"\x80\x02c" + f"{module}\n{name}\n".encode() + b")\x81" + body + b"b."


def formula(text: str) -> bytes:
    return state_pickle("statsmodels.base.data", "PandasData", {"formula": text, "restore_model_spec": True})


@pytest.mark.parametrize(
    "text",
    ["y ~ a + b", "y ~ C(a) + np.log(b + 1)", "y ~ bs(x, df=4) - 1", "y ~ C(a, Treatment('low')):b", "y ~ I(x ** 2)"],
)
def test_formulas_of_statistical_models(tmp_path: Path, text: str) -> None:
    assert quiet(write(tmp_path / "model.pickle", formula(text)))


@pytest.mark.parametrize(
    "text",
    [
        "y ~ __import__('os').system('true')",
        "y ~ os.system('true')",
        "y ~ np.load('x')",
        "y ~ C(a)(b)",
        "y ~ a['b'](c)",
        "y ~ (lambda: 1)()",
    ],
)
def test_formulas_that_do_more(tmp_path: Path, text: str) -> None:
    assert loud(write(tmp_path / "model.pickle", formula(text)))


def test_whole_modules_of_torch_before_1_6(tmp_path: Path) -> None:
    """There a class is named by a persistent id, with the source that it had."""

    def module(owner: bytes) -> bytes:
        named = b"(X\6\0\0\0modulec" + owner + b"X\1\0\0\0sX\1\0\0\0ttQ)\x81}b."
        magic = pickle.dumps(0x1950A86A20F9469CFC6C, protocol=2)
        return magic + pickle.dumps(1001, 2) + pickle.dumps({}, 2) + b"\x80\x02" + named + pickle.dumps([], 2)

    assert quiet(write(tmp_path / "model.pth", module(b"torch.nn.modules.linear\nLinear\n")))
    assert not quiet(write(tmp_path / "other.pth", module(b"unheard.of\nModel\n")))


def test_blocks_of_pandas_1_3(tmp_path: Path) -> None:
    """They are made by calling a partial, which binds nothing but the number of dimensions."""

    def block(owner: bytes, bound: bytes) -> bytes:
        partial = b"cfunctools\npartial\n" + owner + b"\x85R(" + owner + b")}(" + bound + b"uNtb"
        return b"\x80\x02" + partial + b"K\1K\1\x86R."

    dimensions = b"X\4\0\0\0ndimK\2"
    new_block = b"cpandas.core.internals.blocks\nnew_block\n"
    assert quiet(write(tmp_path / "frame.pkl", block(new_block, dimensions)))
    assert loud(write(tmp_path / "class.pkl", block(new_block, b"X\5\0\0\0klasscos\nsystem\n")))
    assert loud(write(tmp_path / "other.pkl", block(b"cos\nsystem\n", dimensions)))


def test_old_pickles_of_scikit_learn_name_a_module_of_its_build(tmp_path: Path) -> None:
    """Wheels of 1.4 to 1.6 pickled losses as of the top-level module ``_loss``."""
    assert quiet(write(tmp_path / "model.pkl", b"\x80\x02c_loss\nCyHalfSquaredError\n)R."))
    assert loud(write(tmp_path / "other.pkl", b"\x80\x02c_loss\nload\nX\1\0\0\0a\x85R."))
