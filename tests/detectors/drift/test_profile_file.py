"""Profiles as files: what was written comes back, and nothing hostile is believed, unpickled or unbounded."""

from __future__ import annotations

import io
import json
import pickle
import zipfile
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.detectors.drift.columns import chunk
from violet.detectors.profile import file as profile_file
from violet.detectors.profile.chunk import Chunk
from violet.detectors.profile.file import is_profile, load_profile, parse_profile, profile_bytes
from violet.detectors.profile.layout import fit_layout
from violet.detectors.profile.profile import Profile
from violet.domain.errors import UsageError, VioletError


@cache
def written() -> tuple[Profile, bytes]:
    sample = chunk(600, 0)
    profile = Profile(fit_layout(sample, seed=3), window=100)
    profile.add(sample)
    return profile, profile_bytes(profile, {"source": "rows.csv"})


@cache
def small() -> bytes:
    """Little enough that every byte of it can be damaged."""
    profile = Profile(fit_layout(Chunk(9, numbers={"x": np.arange(9.0)}), joint=False))
    profile.add(Chunk(9, numbers={"x": np.arange(9.0)}))
    return profile_bytes(profile)


def test_what_was_written_comes_back() -> None:
    profile, content = written()
    back, facts = parse_profile(content)
    assert facts == {"source": "rows.csv"}
    assert back.layout.digest == profile.layout.digest
    assert back.rows == profile.rows
    for name in ("counts", "sums", "moments", "words", "word_missing", "characters", "grams", "present"):
        np.testing.assert_array_equal(getattr(back, name), getattr(profile, name))
    assert back.rest == profile.rest
    assert len(back.parts) == len(profile.parts) == 6
    np.testing.assert_array_equal(back.coarse(), profile.coarse())
    np.testing.assert_array_equal(back.joint.segments, profile.joint.segments)
    assert profile.layout.reference is not None
    assert back.layout.reference is not None
    assert back.layout.reference.digest == profile.layout.reference.digest
    assert profile_bytes(back, facts) == content
    both = back + profile
    assert both.rows == 2 * profile.rows


def test_equal_profiles_are_equal_files_and_hold_no_name_of_the_machine() -> None:
    sample = chunk(600, 0)
    again = Profile(fit_layout(sample, seed=3), window=100)
    again.add(sample)
    assert profile_bytes(again, {"source": "rows.csv"}) == written()[1]


def test_raw_rows_are_left_out_where_that_is_asked_for() -> None:
    layout = fit_layout(chunk(600, 0), rows_in_reference=0)
    assert layout.reference is not None
    assert len(layout.reference.sample) == 0
    back, _ = parse_profile(profile_bytes(Profile(layout)))
    assert back.layout.reference is not None
    assert len(back.layout.reference.sample) == 0


@given(place=st.integers(0, 10**9), value=st.integers(1, 255))
@settings(max_examples=60)
def test_a_changed_byte_is_noticed_or_says_nothing(place: int, value: int) -> None:
    """It is in the zip's own bookkeeping and changes nothing, or the file is refused."""
    content = bytearray(small())
    content[place % len(content)] ^= value
    try:
        back, _ = parse_profile(bytes(content))
    except ValueError:
        return
    assert profile_bytes(back) == small()


@given(length=st.integers(0, 10**9))
@settings(max_examples=30)
def test_half_a_file_is_refused(length: int) -> None:
    with pytest.raises(ValueError, match=r"zip|header|missing|changed"):
        parse_profile(small()[: length % len(small())])


@given(content=st.binary(max_size=300))
def test_anything_else_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"zip|header|missing|changed"):
        parse_profile(content)


def remade(content: bytes, change: object = None, **members: bytes) -> bytes:
    """The same file with other members, and digests that fit: as somebody makes it who knows how."""
    import hashlib

    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts |= {f"{name.replace('__', '.')}.npy": data for name, data in members.items()}
    header = json.loads(parts.pop("profile.json"))
    header.pop("digest")
    said = hashlib.sha256()
    for name, data in sorted(parts.items()):
        said.update(name.removesuffix(".npy").encode() + b"\0" + len(data).to_bytes(8, "little") + data)
    header["arrays"] = said.hexdigest()
    if callable(change):
        change(header)
    header["digest"] = hashlib.sha256(json.dumps(header, sort_keys=True).encode()).hexdigest()
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in (("profile.json", json.dumps(header).encode()), *parts.items()):
            archive.writestr(name, data)
    return target.getvalue()


def array(values: object, **options: object) -> bytes:
    target = io.BytesIO()
    np.save(target, values, **options)  # type: ignore[arg-type, call-overload]
    return target.getvalue()


class Bomb:
    def __reduce__(self) -> tuple[object, ...]:
        return (pytest.fail, ("it was unpickled",))


def test_pickles_are_never_read() -> None:
    evil = array(np.array([Bomb()], dtype=object), allow_pickle=True)
    with pytest.raises(ValueError, match="no array"):
        parse_profile(remade(written()[1], counts=evil))
    with pytest.raises(ValueError, match="no zip"):
        parse_profile(pickle.dumps(Bomb()))


def test_digests_that_fit_do_not_make_nonsense_believable() -> None:
    profile, content = written()
    assert parse_profile(remade(content))[0].rows == profile.rows, "the means of these tests are sound"
    atoms = sum(len(column.atoms) for column in profile.layout.numbers)
    edges = np.concatenate([column.edges for column in profile.layout.numbers])
    for members, words in (
        ({"counts": array(-profile.counts)}, "less than nothing"),
        ({"counts": array(profile.counts[:-1])}, "shape"),
        ({"sums": array(np.full_like(profile.sums, np.nan))}, "not finite"),
        ({"layout__edges": array(edges[::-1])}, "do not ascend"),
        ({"layout__edges": array(edges[:-5])}, "shorter"),
        (
            {"layout__atoms": array(np.full(atoms, 10**6, np.int32))},
            "outside",
        ),
        ({"parts__figures": array(np.full((6, 7), np.inf))}, "windows"),
        ({"reference__whiten": array(np.zeros((2, 2)))}, "no reference"),
        ({"reference__feature_mean": array(np.zeros(3))}, "do not belong together"),
        ({"reference__phase": array(np.full(128, np.nan))}, "not finite"),
        ({"words": array(np.array(["a"]))}, "no array of numbers"),
    ):
        with pytest.raises(ValueError, match=words):
            parse_profile(remade(content, **members))
    for change, words in (
        (lambda header: header.update(rows=-1), "belong together"),
        (lambda header: header.update(rate="x"), "x"),
        (lambda header: header["layout"].update(numbers=5), "missing or wrong"),
        (lambda header: header["layout"]["numbers"].extend([{}] * 20_000), "too many columns"),
        (lambda header: header.pop("rest"), "missing or wrong"),
        (lambda header: header["layout"].update(classes=["a"] * 10**6), "more segments or classes"),
        (
            lambda header: header["layout"]["segments"].append({"column": "a", "names": ["b"] * 10**6, "cuts": []}),
            "more segments or classes",
        ),
        (lambda header: header["rest"].append({"counts": {}, "rows": 0, "short": 0}), "belong together"),
        (lambda header: header.update(facts=[1]), "missing or wrong"),
        (lambda header: header.update(format="violet-profile/9"), "does not say"),
    ):
        with pytest.raises(ValueError, match=words):
            parse_profile(remade(content, change))


def test_an_array_that_was_exchanged_is_noticed() -> None:
    """With a sound zip around it."""
    profile, content = written()
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as archive, zipfile.ZipFile(target, "w") as changed:
        for name in archive.namelist():
            changed.writestr(name, array(profile.counts + 1) if name == "counts.npy" else archive.read(name))
    with pytest.raises(ValueError, match="arrays were changed"):
        parse_profile(target.getvalue())


def test_what_unpacks_to_more_than_a_profile_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("profile.json", b"{}")
        archive.writestr("counts.npy", bytes(profile_file.LARGEST + 1))
    with pytest.raises(ValueError, match="more than a profile"):
        parse_profile(bomb.getvalue())
    many = io.BytesIO()
    with zipfile.ZipFile(many, "w") as archive:
        for place in range(profile_file.MEMBERS + 1):
            archive.writestr(f"a{place}.npy", b"")
    with pytest.raises(ValueError, match="more than a profile"):
        parse_profile(many.getvalue())
    monkeypatch.setattr(profile_file, "LARGEST", 10)
    with pytest.raises(ValueError, match="more than a profile"):
        parse_profile(small())


def test_an_array_that_claims_to_be_huge_is_not_made() -> None:
    head = b"{'descr': '<f8', 'fortran_order': False, 'shape': (100000000000,), }"
    claim = b"\x93NUMPY\x01\x00v\x00" + head.ljust(117) + b"\n"
    with pytest.raises(ValueError, match="no array"):
        parse_profile(remade(written()[1], counts=claim))


def test_files_say_what_is_wrong_with_them(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        load_profile(str(tmp_path / "none"))
    path = tmp_path / "bad.profile"
    path.write_bytes(small()[:-30])
    with pytest.raises(VioletError, match="is no profile that can be used"):
        load_profile(str(path))
    assert not is_profile(str(path))
    path.write_bytes(small())
    assert is_profile(str(path))
    np.savez(tmp_path / "rows.npz", x=np.zeros(3))
    assert not is_profile(str(tmp_path / "rows.npz"))


def test_layouts_that_differ_in_anything_have_other_digests() -> None:
    layout = written()[0].layout
    digests = {layout.digest}
    for other in (
        replace(layout, _memo={}, seed=4),
        replace(layout, _memo={}, numbers=layout.numbers[::-1]),
        replace(layout, _memo={}, numbers=(replace(layout.numbers[0], center=1e-9), *layout.numbers[1:])),
        replace(layout, _memo={}, categories=layout.categories[:1]),
        replace(layout, _memo={}, reference=None),
    ):
        digests.add(other.digest)
    assert len(digests) == 6
