"""What stands on a board is believed by nobody before it has been looked at."""

from __future__ import annotations

import math
import os

import msgspec
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from violet.domain.alert import Response, Ruling
from violet.runtime.sharing.values import (
    GREATEST,
    LARGEST_VALUE,
    MOST_RULINGS,
    RefusedError,
    pack,
    pack_rulings,
    sealed,
    unpack,
    unpack_rulings,
    unsealed,
)

FLOATS = st.floats(width=32, allow_nan=False, min_value=-1.0000000150474662e30, max_value=1.0000000150474662e30)


@given(st.integers(0, 2**53), st.dictionaries(st.text(max_size=20), st.lists(FLOATS, max_size=40), max_size=5))
def test_values_come_back(epoch: int, sums: dict[str, list[float]]) -> None:
    found_epoch, found = unpack(pack(epoch, {name: np.array(v, np.float64) for name, v in sums.items()}))
    assert found_epoch == epoch
    assert {name: array.tolist() for name, array in found.items()} == sums
    assert all(array.dtype == np.float32 and array.flags.writeable for array in found.values())


@given(st.binary(max_size=300))
@example(b"")
def test_noise_is_refused(noise: bytes) -> None:
    for read in (unpack, unpack_rulings):
        try:
            read(noise)  # type: ignore[operator]
        except RefusedError:
            continue


def value(epoch: int, sums: dict[str, bytes]) -> bytes:
    return msgspec.msgpack.encode([epoch, sums])


@pytest.mark.parametrize(
    "hostile",
    [
        value(1, {"d": np.array([1.0, math.nan], "<f4").tobytes()}),
        value(1, {"d": np.array([math.inf], "<f4").tobytes()}),
        value(1, {"d": np.array([2 * GREATEST], "<f4").tobytes()}),
        value(1, {"d": b"abc"}),
        value(-1, {}),
        value(2**63, {})[:-1],
        value(1, {f"d{number}": b"" for number in range(1_000)}),
        value(1, {"d": bytes(LARGEST_VALUE)}),
        msgspec.msgpack.encode([1.5, {}]),
        msgspec.msgpack.encode({"epoch": 1}),
        b"\x91" * 20_000,
    ],
)
def test_hostile_values_are_refused(hostile: bytes) -> None:
    with pytest.raises(RefusedError):
        unpack(hostile)


def test_sums_beyond_the_bound_are_posted_as_the_bound() -> None:
    _, sums = unpack(pack(1, {"d": np.array([1e300, -math.inf])}))
    assert np.abs(sums["d"]).tolist() == [np.float32(GREATEST)] * 2


RULING = Ruling("key:a", Response.REFUSE, math.inf, "r-1", "family/name", 1.8e9, "credit")


def test_rulings_come_back_and_the_latest_are_kept() -> None:
    assert unpack_rulings(pack_rulings([RULING])) == [RULING]
    many = [Ruling(f"c{n}", Response.SLOW, 1.0, "", "", float(n)) for n in range(MOST_RULINGS + 50)]
    kept = unpack_rulings(pack_rulings(many))
    assert len(kept) == MOST_RULINGS
    assert min(one.at for one in kept) == 50
    strange = Ruling("\ud800", Response.SLOW, 1.0, "", "", 2.0)
    assert unpack_rulings(pack_rulings([RULING, strange])) == [RULING]


@pytest.mark.parametrize(
    "fields",
    [
        ["", "slow", 1.0, "", "", 1.0],
        ["c", "shoot", 1.0, "", "", 1.0],
        ["c", "slow", math.nan, "", "", 1.0],
        ["c", "slow", 1.0, "", "", math.inf],
        ["c" * 600, "slow", 1.0, "", "", 1.0],
        ["c", "slow", 1.0, "x" * 600, "", 1.0],
        ["c", "slow", 1.0],
    ],
)
def test_hostile_rulings_are_refused(fields: list[object]) -> None:
    with pytest.raises(RefusedError):
        unpack_rulings(msgspec.msgpack.encode([fields]))


@given(st.binary(max_size=50), st.binary(min_size=1, max_size=50), st.data())
def test_a_seal_holds_for_its_words_its_secret_and_its_subject(data: bytes, secret: bytes, draw: st.DataObject) -> None:
    made = sealed(secret, data, "w", "client", "7")
    assert unsealed(secret, made, "w", "client", "7") == data
    at = draw.draw(st.integers(0, len(made) - 1))
    changed = made[:at] + bytes([made[at] ^ draw.draw(st.integers(1, 255))]) + made[at + 1 :]
    for wrong in (
        (secret, changed, "w", "client", "7"),
        (secret + b"x", made, "w", "client", "7"),
        (secret, made, "w", "client", "8"),
        (secret, made, "wc", "lient", "7"),
        (secret, made[:-1], "w", "client", "7"),
        (secret, b"", "w", "client", "7"),
    ):
        with pytest.raises(RefusedError):
            unsealed(*wrong)
    assert unsealed(b"", sealed(b"", data)) == data


def test_long_secrets_are_taken_whole() -> None:
    secret = os.urandom(200)
    with pytest.raises(RefusedError):
        unsealed(secret[:-1], sealed(secret, b"x"))
